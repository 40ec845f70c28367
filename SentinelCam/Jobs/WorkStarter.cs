using System.Linq.Expressions;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// Starts all due work: captures, mails, reports and the closing of alerts. Only the database determines what is due and when.
/// This service checks it after each commit, at the next due time and once a minute, and enqueues a job for each due item. So
/// nothing else enqueues work, a retry is a due time in the database, and jobs lost in a crash or with <c>jobs.db</c> restart.
/// Of several nodes on one database, each starts its own captures, and one starts all other work.
/// </summary>
/// <remarks>
/// Jobs do nothing if their work is done or not due, so a redundant job is harmless. Hangfire does not retry them: the dashboard
/// lists a failed try among its deleted jobs for a day, with the reason.
/// </remarks>
public sealed class WorkStarter(
    IServiceScopeFactory scopes, CommitSignal commits, IBackgroundJobClient jobs, JobStorage storage, NodeTurn turn,
    LiveNodes nodes, WorkRepair repair, MailTurns mailTurns, ClockWatch clock, JobMetrics metrics, TimeProvider time,
    ILogger<WorkStarter> logger) : BackgroundService
{
    /// <summary>
    /// After this time, longer than a capture takes or a mail waits for its turn, an unfinished job is lost unless others wait in
    /// its queue.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>The time after which a job that failed unexpectedly is started again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>How often a node looks whether the one that starts the work has ended.</summary>
    private static readonly TimeSpan TurnInterval = TimeSpan.FromSeconds(5);

    /// <summary>The maximum number of unfinished jobs in a queue. More work waits in the database.</summary>
    private const int MaxStarted = 100;

    /// <summary>
    /// The same for reports to the central SentinelCam. They are sent one at a time, and a failure postpones all of them, so each
    /// job that waits behind it runs for nothing.
    /// </summary>
    private const int MaxReports = 4;

    private readonly Dictionary<(string Queue, long Id), Started> _started = [];
    private readonly JobsInQueues _found = new(storage);
    private readonly string[] _ownQueues = [JobQueues.Capture(nodes.Self), JobQueues.JoinedCapture(nodes.Self)];
    private bool _hasLooked;
    private bool _hasTurn;
    private long? _repairedAt;
    private (string Problem, long At)? _lastProblem;

    /// <summary>
    /// Makes mails due again that this node was sending when its last process ended. This happens before any job runs, and no
    /// other process has the node's name, so none of them is still being sent.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            mailTurns.PutFirst(await repair.ReleaseOwnAsync(db, cancellationToken));
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
            await AskForTurnAsync(cancellationToken);
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            var next = await StartDueAsync(db, cancellationToken);
            if (_repairedAt is null || time.GetElapsedTime(_repairedAt.Value) >= Interval)
            {
                await clock.CheckAsync(db, cancellationToken);
                // After the start of what is due, since it may have to wait for other writers; what it changes wakes the loop
                await repair.ReleaseStuckAsync(db, cancellationToken);
                if (_hasTurn)
                    await repair.RunAsync(db, cancellationToken);
                _repairedAt = time.GetTimestamp();
            }

            var nextTurn = time.GetUtcNow() + TurnInterval;
            return _hasTurn || next < nextTurn ? next : nextTurn;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogOncePerInterval((error.InnerException ?? error).Message);
            return time.GetUtcNow() + RetryPause;
        }
    }

    /// <summary>
    /// Asks for the turn. At the start and with the turn, reads what the last process, or the node that had the turn, has left in
    /// the queues.
    /// </summary>
    private async Task AskForTurnAsync(CancellationToken cancellationToken)
    {
        var hadTurn = _hasTurn;
        _hasTurn = false;
        var hasTurn = await turn.TryTakeAsync(cancellationToken);
        if (!_hasLooked || (hasTurn && !hadTurn))
        {
            // Its captures are this node's work with and without the turn
            foreach (var key in _started.Keys.Where(key => !_ownQueues.Contains(key.Queue)).ToList())
                _started.Remove(key);
            _found.Read();
            _repairedAt = null;
            _hasLooked = true;
        }

        _hasTurn = hasTurn;
    }

    private async Task<DateTimeOffset> StartDueAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var horizon = now + Interval;
        // Each node takes the pictures of its own camera. Those of a dead one are given up by the node that has the turn
        var (self, others, hasTurn) = (nodes.Self, nodes.Others, _hasTurn);
        var captures = db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt <= horizon
            && (e.Node == self || (hasTurn && (e.Node == null || !others.Contains(e.Node)))));
        var next = horizon;
        async Task StartAsync<TJob>(
            string queue, IQueryable<Due> due, Func<long, Expression<Func<TJob, Task>>> run, int most = MaxStarted)
        {
            var rows = await due.OrderBy(d => d.At).ThenBy(d => d.Id).Take(most).ToListAsync(cancellationToken);
            if (Enqueue(queue, rows.FindAll(d => d.At <= now), run) && next > now + RetryPause)
                next = now + RetryPause;
            next = rows.Where(d => d.At > now).Select(d => d.At).Append(next).Min();
        }

        // Captures that a mail waits for come first
        await StartAsync<CaptureSnapshotJob>(JobQueues.Capture(self),
            captures.Where(e => e.LoginAttempt == null || e.LoginAttempt.ToldBy == ToldBy.OwnMail)
                .Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        if (hasTurn)
        {
            await StartAsync<SendAlertJob>(JobQueues.Mails,
                db.Deliveries.Where(d => d.State == DeliveryState.Waiting && d.DueAt <= horizon)
                    .Select(d => new Due { Id = d.Id, At = d.DueAt }),
                id => job => job.RunAsync(id, CancellationToken.None));
        }

        await StartAsync<CaptureSnapshotJob>(JobQueues.JoinedCapture(self),
            captures.Where(e => e.LoginAttempt != null && e.LoginAttempt.ToldBy != ToldBy.OwnMail)
                .Select(e => new Due { Id = e.Id, At = e.CaptureDueAt }),
            id => job => job.RunAsync(id, CancellationToken.None));
        if (hasTurn)
        {
            await StartAsync<CloseAlertJob>(JobQueues.Default,
                db.Alerts.Where(a => a.ClosedAt == null && a.ClosesAt <= horizon)
                    .Select(a => new Due { Id = a.Id, At = a.ClosesAt }),
                id => job => job.RunAsync(id, CancellationToken.None));
            await StartAsync<ForwardEntryJob>(JobQueues.Forward,
                db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt <= horizon)
                    .Select(f => new Due { Id = f.EntryId, At = f.DueAt }),
                id => job => job.RunAsync(id, CancellationToken.None), MaxReports);
        }

        // What was not due has no job that would still do it
        _found.Clear();
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
            if (!_started.ContainsKey(key) && _found.Take(key) is { } found)
                Remember(key, work, found);
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

            Remember(key, work, jobs.Enqueue(queue, run(work.Id)));
        }

        return due.Count > 0;
    }

    private void Remember((string Queue, long Id) key, Due work, string jobId) =>
        _started[key] = new Started(work.At, jobId, At: time.GetTimestamp(), CheckedAt: time.GetTimestamp());

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
