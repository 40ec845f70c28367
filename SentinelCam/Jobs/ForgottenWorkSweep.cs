using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// At the start and every minute: enqueues each capture, mail and summary that is overdue, because its job was lost with a
/// crash, a deleted <c>jobs.db</c>, or an error while it was being enqueued. Jobs do nothing when they find their work done,
/// so one too many is harmless.
/// </summary>
public sealed class ForgottenWorkSweep(IServiceScopeFactory scopes, IBackgroundJobClient jobs, JobStorage storage, TimeProvider time, ILogger<ForgottenWorkSweep> logger)
    : BackgroundService
{
    /// <summary>How long a job may be overdue before the sweep believes it lost: longer than a capture or a mail takes once it runs.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private const int BatchSize = 500;

    /// <summary>
    /// With so many mails in the queue one that is overdue is not lost but late: a mail server that is slow to fail must not have
    /// the same mails enqueued again every few minutes.
    /// </summary>
    private const int MaxMailsInQueue = 100;

    /// <summary>
    /// Before any job runs: a mail that was on its way when the last process ended is due again. The data directory belongs to this
    /// process alone, so nobody else can be sending it.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = scopes.CreateAsyncScope())
            await ReleaseAsync(scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>(), sendingSince: time.GetUtcNow().AddYears(100), cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        await TrySweepAsync(overdueSince: time.GetUtcNow(), stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TrySweepAsync(overdueSince: time.GetUtcNow() - Grace, stoppingToken);
    }

    private async Task TrySweepAsync(DateTimeOffset overdueSince, CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(overdueSince, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.LogError("The sweep failed, and runs again in a minute: {Problem}", (error.InnerException ?? error).Message);
        }
    }

    private async Task SweepAsync(DateTimeOffset overdueSince, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var now = time.GetUtcNow();
        // Nothing is ever put off for so long: the clock was ahead when it was
        var tooFarOff = now + SendAlertJob.LongestDelay + Grace;
        var soon = now + Grace;
        await ReleaseAsync(db, overdueSince, cancellationToken);
        await db.Alerts.Where(a => a.ClosedAt == null && a.OpenedAt > soon && a.ClosesAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosesAt, now), cancellationToken);

        var captures = await db.ImageLog
            .Where(e => e.CaptureState == CaptureState.Waiting && (e.CaptureDueAt <= overdueSince || e.CaptureDueAt > soon))
            .OrderBy(e => e.CaptureDueAt).Select(e => new { e.Id, e.Trigger, e.OpensAlert }).Take(BatchSize).ToListAsync(cancellationToken);
        var captureIds = captures.ConvertAll(entry => entry.Id);
        await db.ImageLog.Where(e => captureIds.Contains(e.Id) && e.CaptureState == CaptureState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now), cancellationToken);
        foreach (var entry in captures)
            jobs.Enqueue<CaptureSnapshotJob>(CaptureSnapshotJob.QueueFor(entry.Trigger, entry.OpensAlert), job => job.RunAsync(entry.Id, CancellationToken.None));

        var room = (int)Math.Max(0, MaxMailsInQueue - storage.GetMonitoringApi().EnqueuedCount(JobQueues.Mails));
        var mails = await db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting && (d.DueAt <= overdueSince || d.DueAt > tooFarOff || (d.Tries == 0 && d.DueAt > soon)))
            .OrderBy(d => d.DueAt).Select(d => d.Id).Take(room).ToListAsync(cancellationToken);
        await db.Deliveries.Where(d => mails.Contains(d.Id) && d.State == DeliveryState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now), cancellationToken);
        foreach (var id in mails)
            jobs.Enqueue<SendAlertJob>(job => job.RunAsync(id, CancellationToken.None));

        var summaries = await db.Alerts
            .Where(a => a.ClosedAt == null && (a.ClosesAt <= overdueSince || (a.OpenedAt > soon && a.ClosesAt <= now)))
            .OrderBy(a => a.ClosesAt).Select(a => a.Id).Take(BatchSize).ToListAsync(cancellationToken);
        foreach (var id in summaries)
            jobs.Enqueue<CloseAlertJob>(job => job.RunAsync(id, CancellationToken.None));

        if (captures.Count + mails.Count + summaries.Count > 0)
            logger.LogInformation("The sweep enqueued {Captures} captures, {Mails} mails and {Summaries} closings", captures.Count, mails.Count, summaries.Count);
    }

    /// <summary>
    /// Makes mails due again whose sending began before the time given and never ended: no mail takes that long. One that began in the
    /// future did so before the clock was set back.
    /// </summary>
    private static Task<int> ReleaseAsync(SentinelCamDbContext db, DateTimeOffset sendingSince, CancellationToken cancellationToken) => db.Deliveries
        .Where(d => d.State == DeliveryState.Sending && (d.DueAt < sendingSince || d.DueAt > sendingSince + 2 * Grace))
        .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Waiting).SetProperty(d => d.LastReply, "The last try was cut off."), cancellationToken);
}
