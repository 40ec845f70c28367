using System.Collections.Concurrent;
using System.Security.Cryptography;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Takes jobs from the queues for this storage, keeps their heartbeats fresh while they run, and returns those of
/// processes that died. Whoever has taken a job also keeps a lock of the operating system, so a process that was
/// only suspended is not taken for dead.
/// </summary>
internal sealed class JobFetcher : IDisposable
{
    private readonly JobDatabase _database;
    private readonly QueueSignals _signals;
    private readonly SqliteJobStorageOptions _options;
    private long _holder = NewHolder();
    private readonly object _gate = new();
    private ITimer? _timer;
    private FileLocks? _locks;
    private readonly ConcurrentQueue<SqliteFetchedJob> _unreturned = new();
    private readonly JobsInHand _inHand;
    private int _running;
    private bool _disposed;

    public JobFetcher(JobDatabase database, QueueSignals signals, SqliteJobStorageOptions options)
    {
        _database = database;
        _signals = signals;
        _options = options;
        _inHand = new JobsInHand(options.TimeProvider);
    }

    /// <summary>Waits for a job of one of the queues, the first queue before the others, and takes it.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public SqliteFetchedJob Fetch(string[] queues, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Start();
        if ((_inHand.Take(queues) ?? TryFetch(queues)) is { } job) return job;

        using var waiter = _signals.Register(queues);
        string? signalled = null;
        SqliteFetchedJob? inHand;
        while ((job = (inHand = _inHand.Take(queues)) ?? TryFetch(queues)) is null) signalled = waiter.Wait(cancellationToken);

        // The job that this worker was woken for is still there: another one shall see to it
        if (signalled is not null && (inHand is not null || signalled != job.Queue)) _signals.Signal(signalled, 1);
        return job;
    }

    public void Acknowledge(SqliteFetchedJob job, SqlSession session) =>
        session.Execute(Sql.RemoveFetched, _holder, job.Queue, job.Id, job.NumericJobId);

    public void Acknowledge(SqliteFetchedJob job) => _database.Write(session => Acknowledge(job, session));

    /// <summary>
    /// Takes the next job for the worker that acknowledges this one. <see cref="Keep"/> follows when that is committed.
    /// </summary>
    /// <returns>Null when there is none, or the storage closes.</returns>
    public SqliteFetchedJob? TakeNext(SqlSession session, SqliteFetchedJob acknowledged, long now) =>
        Volatile.Read(ref _disposed) ? null : Take(session, acknowledged.Queues, now);

    /// <summary>Keeps a job for the worker that comes next.</summary>
    public void Keep(SqliteFetchedJob job)
    {
        Interlocked.Increment(ref _running);
        _inHand.Add(job);
    }

    public void Requeue(SqliteFetchedJob job) => _database.Write(
        session => Return(session, _holder, job.Queue, job.Id, job.NumericJobId),
        () => _signals.Signal(job.Queue, 1));

    /// <summary>Takes over a job that could not be given back, since the file could not be written: the next heartbeat tries again.</summary>
    public void ReturnLater(SqliteFetchedJob job) => _unreturned.Enqueue(job);

    /// <summary>Gives back what could not be given back before, as each heartbeat does.</summary>
    public void ReturnUnreturned()
    {
        // Taken out first: while the file is locked, the next heartbeat comes before this one has ended
        while (_unreturned.TryDequeue(out var job))
        {
            try
            {
                Requeue(job);
                job.MarkFinished();
            }
            catch
            {
                _unreturned.Enqueue(job);
                throw;
            }
        }
    }

    public void Finished() => Interlocked.Decrement(ref _running);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _inHand.Dispose();
            _timer?.Dispose();
            _locks?.Release(this, LockOf(_holder));
        }

        if (Volatile.Read(ref _running) == 0) return;
        try
        {
            Release(_holder);
        }
        catch (Exception exception) when (exception is SqliteJobStorageException or ObjectDisposedException)
        {
            StorageLog.Warn("Running jobs stay taken until their heartbeat is stale.", exception);
        }
    }

    private static long NewHolder() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & long.MaxValue;

    private static string LockOf(long holder) => $"holder:{holder}";

    private void Start()
    {
        if (Volatile.Read(ref _timer) is not null) return;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_timer is not null) return;

            _locks = _database.Locks;
            for (var tries = 1; !_locks.TryAcquire(this, LockOf(_holder), TimeSpan.Zero); tries++)
            {
                // Without its lock this process would be taken for dead
                if (tries == 3) throw new SqliteJobStorageException(FileProblem.NoLocks(_database.File));
                _holder = NewHolder();
            }

            var period = _options.FetchedJobTimeout / 4;
            _timer = _options.TimeProvider.CreateTimer(_ => Beat(), null, TimeSpan.Zero, period);
        }
    }

    private SqliteFetchedJob? Take(SqlSession session, string[] queues, long now)
    {
        foreach (var queue in queues)
        {
            var taken = session.First(
                Sql.TakeFromQueue, row => new SqliteFetchedJob(this, row.Integer(0), row.Integer(1), queue, queues), queue);
            if (taken is null) continue;

            session.Execute(Sql.AddFetched, _holder, queue, taken.Id, taken.NumericJobId, now);
            return taken;
        }

        return null;
    }

    private SqliteFetchedJob? TryFetch(string[] queues)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        var now = _options.TimeProvider.GetUtcNow().ToStored();
        var job = _database.Write(session => Take(session, queues, now));
        if (job is not null) Interlocked.Increment(ref _running);
        return job;
    }

    private void Beat()
    {
        try
        {
            ReturnUnreturned();
            var now = _options.TimeProvider.GetUtcNow();
            if (Volatile.Read(ref _running) > 0)
                _database.Write(session => { session.Execute(Sql.RenewHeartbeats, now.ToStored(), _holder); });

            var before = (now - _options.FetchedJobTimeout).ToStored();
            foreach (var holder in _database.Read(s => s.Query(Sql.StaleHolders, static row => row.Integer(0), before, now.ToStored())))
            {
                if (holder != _holder && IsDead(holder)) Release(holder);
            }
        }
        catch (ObjectDisposedException exception)
        {
            StorageLog.Debug("The storage was closed during a heartbeat.", exception);
        }
        catch (Exception exception)
        {
            // On a timer's thread any exception would end the process
            StorageLog.Warn("The heartbeat of the running jobs was not renewed.", exception);
        }
    }

    private bool IsDead(long holder)
    {
        var mine = new object();
        if (!_locks!.TryAcquire(mine, LockOf(holder), TimeSpan.Zero)) return false;
        _locks.Release(mine, LockOf(holder));
        return true;
    }

    private void Release(long holder)
    {
        var released = _database.Write(session =>
        {
            var jobs = session.Query(
                Sql.FetchedByHolder, static row => (Queue: row.Text(0), Id: row.Integer(1), JobId: row.Integer(2)), holder);
            foreach (var (queue, id, jobId) in jobs) Return(session, holder, queue, id, jobId);
            return jobs;
        });

        // One that closes leaves them to other processes
        if (Volatile.Read(ref _disposed)) return;
        foreach (var (queue, _, _) in released) _signals.Signal(queue, 1);
    }

    private static void Return(SqlSession session, long holder, string queue, long id, long jobId)
    {
        if (session.Execute(Sql.RemoveFetched, holder, queue, id, jobId) > 0)
            session.Execute(Sql.ReturnToQueue, queue, id, jobId);
    }
}
