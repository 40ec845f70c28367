using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Capture;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// At the start and every minute: enqueues each capture, mail and summary that is overdue, because its job was lost with a
/// crash, a deleted <c>jobs.db</c>, or an error while it was being enqueued. Jobs do nothing when they find their work done,
/// so one too many is harmless.
/// </summary>
public sealed class ForgottenWorkSweep(IServiceScopeFactory scopes, IBackgroundJobClient jobs, TimeProvider time, ILogger<ForgottenWorkSweep> logger)
    : BackgroundService
{
    /// <summary>How long a job may be overdue before the sweep believes it lost. Longer than a capture or a mail can take.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private const int BatchSize = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        // The data directory belongs to this process alone, so whatever was under way at its start was cut off
        var overdueSince = time.GetUtcNow();
        await TrySweepAsync(overdueSince, afterStart: true, stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TrySweepAsync(time.GetUtcNow() - Grace, afterStart: false, stoppingToken);
    }

    private async Task TrySweepAsync(DateTimeOffset overdueSince, bool afterStart, CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(overdueSince, afterStart, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.LogError(error, "The sweep failed; it runs again in a minute");
        }
    }

    private async Task SweepAsync(DateTimeOffset overdueSince, bool afterStart, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var now = time.GetUtcNow();

        await db.Deliveries
            .Where(d => d.State == DeliveryState.Sending && (afterStart || d.DueAt < overdueSince))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Waiting).SetProperty(d => d.LastReply, "The last try was cut off."), cancellationToken);

        var captures = await db.ImageLog
            .Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt <= overdueSince)
            .OrderBy(e => e.CaptureDueAt).Select(e => new { e.Id, e.Trigger, e.OpensAlert }).Take(BatchSize).ToListAsync(cancellationToken);
        foreach (var entry in captures)
            jobs.Enqueue<CaptureSnapshotJob>(CaptureSnapshotJob.QueueFor(entry.Trigger, entry.OpensAlert), job => job.RunAsync(entry.Id, CancellationToken.None));
        var enqueued = captures.ConvertAll(entry => entry.Id);
        await db.ImageLog.Where(e => enqueued.Contains(e.Id) && e.CaptureState == CaptureState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now), cancellationToken);

        var mails = await db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting && d.DueAt <= overdueSince)
            .OrderBy(d => d.DueAt).Select(d => d.Id).Take(BatchSize).ToListAsync(cancellationToken);
        foreach (var id in mails)
            jobs.Enqueue<SendAlertJob>(job => job.RunAsync(id, CancellationToken.None));
        await db.Deliveries.Where(d => mails.Contains(d.Id) && d.State == DeliveryState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now), cancellationToken);

        var summaries = await db.Alerts
            .Where(a => a.ClosedAt == null && a.ClosesAt <= overdueSince)
            .OrderBy(a => a.ClosesAt).Select(a => a.Id).Take(BatchSize).ToListAsync(cancellationToken);
        foreach (var id in summaries)
            jobs.Enqueue<CloseAlertJob>(job => job.RunAsync(id, CancellationToken.None));

        if (captures.Count + mails.Count + summaries.Count > 0)
            logger.LogInformation("The sweep enqueued {Captures} captures, {Mails} mails and {Summaries} closings", captures.Count, mails.Count, summaries.Count);
    }
}
