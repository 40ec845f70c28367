using System.Linq.Expressions;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// Starts all work that is due: captures, mails and closings of alerts. <c>sentinelcam.db</c> alone says what is due and when; this
/// looks after each commit, at the next due time, and once a minute, and enqueues a job for each. So nothing else enqueues work, a
/// retry is a due time in the database, and a job that a crash or a lost <c>jobs.db</c> took away is found again.
/// </summary>
/// <remarks>
/// Jobs do nothing when their work is done or not due, so one job too many is harmless. Hangfire does not retry them: a failed try stays
/// among the dashboard's deleted jobs for a day, with its reason.
/// </remarks>
public sealed class WorkStarter(
    IServiceScopeFactory scopes, CommitSignal commits, IBackgroundJobClient jobs, JobStorage storage, TimeProvider time,
    ILogger<WorkStarter> logger) : BackgroundService
{
    /// <summary>After this time a job that has not begun is lost, unless others wait in its queue: longer than a capture or a mail takes.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Jobs of one queue that are started and not done, at most; more wait in the database until some are done.</summary>
    private const int MaxStarted = 100;

    private readonly Dictionary<(string Queue, long Id), Started> _started = [];
    private long? _repairedAt;
    private (string Problem, long At)? _lastProblem;

    /// <summary>
    /// Before any job runs: a mail that was being sent when the last process ended is due again. The data directory belongs to this
    /// process alone, so nobody else can be sending it.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = scopes.CreateAsyncScope())
            await ReleaseAsync(scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>().Deliveries, time.GetUtcNow(), cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Taken before looking, so that no commit falls in between
            var commit = commits.Next;
            var next = await TryStartAsync(stoppingToken);
            var left = next - time.GetUtcNow();
            var wake = commit.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, stoppingToken);
            // The clock may have been set while the timer was
            if (time.GetUtcNow() < next)
                await wake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>When the next work is due, in a minute at most.</returns>
    private async Task<DateTimeOffset> TryStartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            if (_repairedAt is null || time.GetElapsedTime(_repairedAt.Value) >= Interval)
            {
                await RepairAsync(db, cancellationToken);
                _repairedAt = time.GetTimestamp();
            }

            return await StartDueAsync(db, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogOncePerInterval((error.InnerException ?? error).Message);
            return time.GetUtcNow() + Interval;
        }
    }

    private async Task<DateTimeOffset> StartDueAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var horizon = now + Interval;
        var captures = db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt <= horizon);
        var next = horizon;
        async Task StartAsync<TJob>(string queue, IQueryable<Due> due, Func<long, Expression<Func<TJob, Task>>> run)
        {
            var rows = await due.OrderBy(d => d.At).Take(MaxStarted).ToListAsync(cancellationToken);
            Enqueue(queue, rows.FindAll(d => d.At <= now), run);
            next = rows.Where(d => d.At > now).Select(d => d.At).Append(next).Min();
        }

        // In this order, since a mail waits for the first of them
        await StartAsync<CaptureSnapshotJob>(JobQueues.Capture,
            captures.Where(e => e.LoginAttempt == null || e.LoginAttempt.ToldBy == ToldBy.OwnMail).Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<SendAlertJob>(JobQueues.Mails,
            db.Deliveries.Where(d => d.State == DeliveryState.Waiting && d.DueAt <= horizon).Select(d => new Due { Id = d.Id, At = d.DueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<CaptureSnapshotJob>(JobQueues.JoinedCapture,
            captures.Where(e => e.LoginAttempt != null && e.LoginAttempt.ToldBy != ToldBy.OwnMail).Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<CloseAlertJob>(JobQueues.Default,
            db.Alerts.Where(a => a.ClosedAt == null && a.ClosesAt <= horizon).Select(a => new Due { Id = a.Id, At = a.ClosesAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        return next;
    }

    /// <summary>Enqueues a job for each due work of a queue that has none.</summary>
    private void Enqueue<TJob>(string queue, List<Due> due, Func<long, Expression<Func<TJob, Task>>> run)
    {
        // Done, or put off: what is due again after that is started again
        foreach (var key in _started.Keys.Where(key => key.Queue == queue && !due.Exists(work => work.Id == key.Id)).ToList())
            _started.Remove(key);
        bool? isQueueEmpty = null;
        foreach (var work in due)
        {
            if (_started.TryGetValue((queue, work.Id), out var start) && start.DueAt == work.At)
            {
                if (time.GetElapsedTime(start.At) < Grace || !(isQueueEmpty ??= storage.GetMonitoringApi().EnqueuedCount(queue) == 0))
                    continue;
                logger.LogWarning("The job of {Work} {Id} was lost, and is started again", typeof(TJob).Name, work.Id);
            }

            jobs.Enqueue(queue, run(work.Id));
            _started[(queue, work.Id)] = new Started(work.At, time.GetTimestamp());
        }
    }

    /// <summary>Makes due again what a crash, or a clock that was ahead, has left behind.</summary>
    private async Task RepairAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var soon = now + Grace;
        // Nothing is ever put off for so long
        var tooFarOff = soon + SendAlertJob.LongestDelay;
        await ReleaseAsync(db.Deliveries.Where(d => d.SendingSince < now - Grace || d.SendingSince > soon), now, cancellationToken);
        await db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting && (d.DueAt > tooFarOff || (d.Tries == 0 && d.DueAt > soon)))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now), cancellationToken);
        await db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt > soon)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now), cancellationToken);
        await db.Alerts.Where(a => a.ClosedAt == null && a.OpenedAt > soon && a.ClosesAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosesAt, now), cancellationToken);
    }

    private static Task<int> ReleaseAsync(IQueryable<Delivery> deliveries, DateTimeOffset now, CancellationToken cancellationToken) => deliveries
        .Where(d => d.State == DeliveryState.Sending)
        .ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, DeliveryState.Waiting)
            .SetProperty(d => d.DueAt, now)
            .SetProperty(d => d.SendingSince, (DateTimeOffset?)null)
            .SetProperty(d => d.LastReply, "The last try was cut off."), cancellationToken);

    private void LogOncePerInterval(string problem)
    {
        if (_lastProblem is { } last && last.Problem == problem && time.GetElapsedTime(last.At) < Interval)
            return;
        _lastProblem = (problem, time.GetTimestamp());
        logger.LogError("Work that is due could not be started, and is started as soon as that is possible: {Problem}", problem);
    }

    /// <summary>Work and when it is due.</summary>
    private sealed record Due
    {
        public required long Id { get; init; }

        public required DateTimeOffset At { get; init; }
    }

    /// <summary>A job that was enqueued.</summary>
    /// <param name="DueAt">The due time that it was enqueued for.</param>
    /// <param name="At">The timestamp of its enqueuing.</param>
    private readonly record struct Started(DateTimeOffset DueAt, long At);
}
