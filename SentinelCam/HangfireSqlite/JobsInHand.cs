namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Jobs that were taken in the transaction that acknowledged the one before, for the worker that comes for its next
/// job a moment later: a commit less for each job. A worker that stops instead leaves its job here; another worker
/// gets it, or it goes back to its place in the queue after a tenth of a second.
/// </summary>
internal sealed class JobsInHand : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly object _gate = new();
    private readonly List<(SqliteFetchedJob Job, long Since)> _jobs = [];
    private bool _timed;

    public JobsInHand(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => ReturnLeftBehind(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(SqliteFetchedJob job)
    {
        lock (_gate)
        {
            _jobs.Add((job, _time.GetTimestamp()));
            if (_timed) return;
            _timed = _timer.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// A job for a worker of the same queues: it was chosen by their order, in which a job of another worker's queues may
    /// have to wait behind one that is not here.
    /// </summary>
    /// <returns>Null when there is none.</returns>
    public SqliteFetchedJob? Take(string[] queues)
    {
        lock (_gate)
        {
            var index = _jobs.FindIndex(kept => kept.Job.Queues.AsSpan().SequenceEqual(queues));
            if (index < 0) return null;

            var job = _jobs[index].Job;
            _jobs.RemoveAt(index);
            return job;
        }
    }

    /// <summary>Hands out no more: the storage gives back what is left.</summary>
    public void Dispose()
    {
        lock (_gate) _jobs.Clear();
        _timer.Dispose();
    }

    private void ReturnLeftBehind()
    {
        SqliteFetchedJob[] leftBehind;
        lock (_gate)
        {
            leftBehind = [.. _jobs.Where(kept => _time.GetElapsedTime(kept.Since) >= Patience).Select(static kept => kept.Job)];
            _jobs.RemoveAll(kept => leftBehind.Contains(kept.Job));
            _timed = _jobs.Count > 0 && _timer.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        foreach (var job in leftBehind) Return(job);
    }

    private static void Return(SqliteFetchedJob job)
    {
        try
        {
            job.Requeue();
        }
        catch (ObjectDisposedException exception)
        {
            StorageLog.Debug("The storage was closed, which gives back all that it has.", exception);
        }
        catch (Exception exception)
        {
            // On a timer's thread any exception would end the process
            StorageLog.Warn($"Job {job.JobId} stays taken until the storage is closed.", exception);
        }
    }
}
