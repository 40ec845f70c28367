using System.Linq.Expressions;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>
/// Starts all due work: captures, mails and the closing of alerts. Only <c>sentinelcam.db</c> determines what is due and when.
/// This service checks it after each commit, at the next due time and once a minute, and enqueues a job for each due item. So
/// nothing else enqueues work, a retry is a due time in the database, and jobs lost in a crash or with <c>jobs.db</c> restart.
/// </summary>
/// <remarks>
/// Jobs do nothing if their work is done or not due, so a redundant job is harmless. Hangfire does not retry them: the dashboard
/// lists a failed try among its deleted jobs for a day, with the reason.
/// </remarks>
public sealed class WorkStarter(
    IServiceScopeFactory scopes, CommitSignal commits, IBackgroundJobClient jobs, JobStorage storage, MailTurns turns,
    LiveNodes nodes, ClockWatch clock, JobMetrics metrics, TimeProvider time, ILogger<WorkStarter> logger) : BackgroundService
{
    /// <summary>
    /// After this time, longer than a capture takes or a mail waits for its turn, an unfinished job is lost unless others wait in
    /// its queue.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>After this time a mail that is being sent was cut off.</summary>
    public static readonly TimeSpan SendingGrace = SmtpTransport.LongestTry + Grace;

    /// <summary>After this time a report to the central SentinelCam was cut off.</summary>
    private static readonly TimeSpan ForwardGrace = 3 * ForwardClient.LongestTry + Grace;

    /// <summary>The time after which a job that failed unexpectedly is started again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>The maximum number of unfinished jobs in a queue. More work waits in the database.</summary>
    private const int MaxStarted = 100;

    private readonly Dictionary<(string Queue, long Id), Started> _started = [];
    private long? _repairedAt;
    private (string Problem, long At)? _lastProblem;

    /// <summary>
    /// Makes mails due again that were being sent when the last process ended. This happens before any job runs, and no other
    /// process can use the data directory, so none of them is still being sent.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            turns.PutFirst(await db.Deliveries
                .Where(d => d.State == DeliveryState.Sending).OrderBy(d => d.SendingSince).Select(d => d.Id)
                .ToListAsync(cancellationToken));
            await ReleaseAsync(db.Deliveries, time.GetUtcNow(), cancellationToken);
            await ReleaseAsync(db.Forwards, time.GetUtcNow(), cancellationToken);
            // An operator who has set another token wants to see whether it works
            await db.Forwards.Where(f => f.State == ForwardState.Waiting).ExecuteUpdateAsync(
                set => set.SetProperty(f => f.DueAt, time.GetUtcNow()), cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Taken before the check, so that no commit is missed
            var commit = commits.Next;
            var next = await TryStartAsync(stoppingToken);
            var left = next - time.GetUtcNow();
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            // A clock that was set back meanwhile would make it longer than a timer can wait
            var wake = commit.WaitAsync(TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, Interval.Ticks)), time, wait.Token);
            // Skips the wait if the clock was changed while the timer was set
            if (time.GetUtcNow() >= next)
                await wait.CancelAsync();
            await wake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>When the next work is due, at most a minute from now.</returns>
    private async Task<DateTimeOffset> TryStartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            var next = await StartDueAsync(db, cancellationToken);
            if (_repairedAt is null || time.GetElapsedTime(_repairedAt.Value) >= Interval)
            {
                // After the start of what is due, since it may have to wait for other writers; what it changes wakes the loop
                await RepairAsync(db, cancellationToken);
                _repairedAt = time.GetTimestamp();
            }

            return next;
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
        // Each node takes the pictures of its own camera. Those of a dead one are given up here
        var (self, others) = (nodes.Self, nodes.Others);
        var captures = db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt <= horizon
            && (e.Node == null || e.Node == self || !others.Contains(e.Node)));
        var next = horizon;
        async Task StartAsync<TJob>(string queue, IQueryable<Due> due, Func<long, Expression<Func<TJob, Task>>> run)
        {
            var rows = await due.OrderBy(d => d.At).Take(MaxStarted).ToListAsync(cancellationToken);
            if (Enqueue(queue, rows.FindAll(d => d.At <= now), run) && next > now + RetryPause)
                next = now + RetryPause;
            next = rows.Where(d => d.At > now).Select(d => d.At).Append(next).Min();
        }

        // Captures that a mail waits for come first
        await StartAsync<CaptureSnapshotJob>(JobQueues.Capture(self),
            captures.Where(e => e.LoginAttempt == null || e.LoginAttempt.ToldBy == ToldBy.OwnMail)
                .Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<SendAlertJob>(JobQueues.Mails,
            db.Deliveries.Where(d => d.State == DeliveryState.Waiting && d.DueAt <= horizon)
                .Select(d => new Due { Id = d.Id, At = d.DueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<CaptureSnapshotJob>(JobQueues.JoinedCapture(self),
            captures.Where(e => e.LoginAttempt != null && e.LoginAttempt.ToldBy != ToldBy.OwnMail)
                .Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<CloseAlertJob>(JobQueues.Default,
            db.Alerts.Where(a => a.ClosedAt == null && a.ClosesAt <= horizon).Select(a => new Due { Id = a.Id, At = a.ClosesAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        await StartAsync<ForwardEntryJob>(JobQueues.Forward,
            db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt <= horizon)
                .Select(f => new Due { Id = f.EntryId, At = f.DueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        return next;
    }

    /// <summary>Enqueues a job for each due item of a queue that has none.</summary>
    /// <returns>Whether there are jobs that have not finished their work.</returns>
    private bool Enqueue<TJob>(string queue, List<Due> due, Func<long, Expression<Func<TJob, Task>>> run)
    {
        // Forgets work that is done or postponed, so that it is started again when it is due again
        foreach (var key in _started.Keys.Where(key => key.Queue == queue && !due.Exists(work => work.Id == key.Id)).ToList())
            _started.Remove(key);
        foreach (var work in due)
        {
            var key = (queue, work.Id);
            if (_started.TryGetValue(key, out var start) && start.DueAt == work.At)
            {
                if (time.GetElapsedTime(start.CheckedAt) < RetryPause)
                    continue;
                if (Unfinished(start, queue) is not { } reason)
                {
                    _started[key] = start with { CheckedAt = time.GetTimestamp() };
                    continue;
                }

                metrics.Found("lost_job");
                logger.LogWarning(
                    "The {Job} for {Id} did not finish and is started again: {Reason}", typeof(TJob).Name, work.Id, reason);
            }

            var jobId = jobs.Enqueue(queue, run(work.Id));
            _started[key] = new Started(work.At, jobId, At: time.GetTimestamp(), CheckedAt: time.GetTimestamp());
        }

        return due.Count > 0;
    }

    /// <returns>Why the job of work that is still due will not finish it; null if the job waits or runs.</returns>
    private string? Unfinished(Started start, string queue)
    {
        using var connection = storage.GetConnection();
        var state = connection.GetStateData(start.JobId);
        if (state is null)
            return "its job is gone";
        if (state.Name is not ("Enqueued" or "Processing"))
            return state.Data.TryGetValue("Exception", out var exception) ? exception : state.Reason ?? state.Name;
        // The storage can lose the place in the queue and keep the job
        return time.GetElapsedTime(start.At) >= Grace && storage.GetMonitoringApi().EnqueuedCount(queue) == 0
            && storage.GetMonitoringApi().FetchedCount(queue) == 0 ? "its job is lost" : null;
    }

    /// <summary>Makes work due again that was interrupted by a crash, or scheduled while the clock was ahead.</summary>
    private async Task RepairAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        await clock.CheckAsync(db, cancellationToken);
        var now = time.GetUtcNow();
        var soon = now + Grace;
        // No try is ever postponed for longer
        var (tooFarOff, tooFarOffAfterUnknown) = (soon + SendAlertJob.LongestDelay, soon + SendAlertJob.LongestDelayAfterUnknown);
        await ReleaseAsync(
            db.Deliveries.Where(d => d.SendingSince < now - SendingGrace || d.SendingSince > soon), now, cancellationToken);
        await db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting
                && d.DueAt > (d.Tries == 0 ? soon : d.MayHaveArrived ? tooFarOffAfterUnknown : tooFarOff))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now), cancellationToken);
        await ReleaseAsync(
            db.Forwards.Where(f => f.SendingSince < now - ForwardGrace || f.SendingSince > soon), now, cancellationToken);
        await db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt > soon + ForwardPauses.Longest)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.DueAt, now), cancellationToken);
        await db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt > soon)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now), cancellationToken);
        await db.Alerts.Where(a => a.ClosedAt == null && a.OpenedAt > soon && a.ClosesAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosesAt, now), cancellationToken);
    }

    private static Task<int> ReleaseAsync(
        IQueryable<Delivery> deliveries, DateTimeOffset now, CancellationToken cancellationToken) =>
        deliveries
            .Where(d => d.State == DeliveryState.Sending)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Waiting)
                .SetProperty(d => d.DueAt, now)
                .SetProperty(d => d.SendingSince, (DateTimeOffset?)null)
                .SetProperty(d => d.LastReply, "The last try was interrupted."), cancellationToken);

    private static Task<int> ReleaseAsync(
        IQueryable<Forward> forwards, DateTimeOffset now, CancellationToken cancellationToken) =>
        forwards
            .Where(f => f.State == ForwardState.Sending)
            .ExecuteUpdateAsync(set => set
                .SetProperty(f => f.State, ForwardState.Waiting)
                .SetProperty(f => f.DueAt, now)
                .SetProperty(f => f.SendingSince, (DateTimeOffset?)null), cancellationToken);

    private void LogOncePerInterval(string problem)
    {
        if (_lastProblem is { } last && last.Problem == problem && time.GetElapsedTime(last.At) < Interval)
            return;
        _lastProblem = (problem, time.GetTimestamp());
        logger.LogError("Due work could not be started; SentinelCam keeps trying: {Problem}", problem);
    }

    /// <summary>A work item and when it is due.</summary>
    private sealed record Due
    {
        public required long Id { get; init; }

        public required DateTimeOffset At { get; init; }
    }

    /// <summary>An enqueued job.</summary>
    /// <param name="DueAt">The due time of its work.</param>
    /// <param name="JobId">Its id in the job storage.</param>
    /// <param name="At">The timestamp at which it was enqueued.</param>
    /// <param name="CheckedAt">The timestamp at which it was last seen to be enqueued or running.</param>
    private readonly record struct Started(DateTimeOffset DueAt, string JobId, long At, long CheckedAt);
}
