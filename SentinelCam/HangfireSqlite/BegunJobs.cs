using System.Collections.Concurrent;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>The state of a job that its lock keeps as it is.</summary>
internal sealed record FoundState(long JobId, string Name, long At);

/// <summary>That a worker has begun with a job, and the state in which it found it.</summary>
internal sealed record BegunJob(FoundState Found, string State, string? Reason, string? Data, long At)
{
    public long Id => Found.JobId;

    /// <summary>Whether the job's state in the file is still the one before this.</summary>
    public bool Follows(string? state, long? at) =>
        at == Found.At && string.Equals(state, Found.Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// To write it twice does no harm. What another process has made of the job meanwhile stays: its history then shows
    /// this too, at its time.
    /// </summary>
    public void Write(SqlSession session)
    {
        if (session.Execute(Sql.SetStateFrom, State, At, Id, Found.Name, Found.At) > 0)
            JobCommands.AddState(session, Id, isCurrent: true, State, Reason, At, Data);
        else
            session.Execute(Sql.InsertStateOnce, Id, State, Reason, At, Data);
    }
}

/// <summary>
/// Jobs whose state Processing is not written yet: their workers do not wait for it. It is written with what follows, or
/// when the dashboard looks, or a moment later, so that other processes see the long ones. After a crash before that the
/// job is as it was when it was taken, and is run again from there.
/// </summary>
internal sealed class BegunJobs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PatienceAfterFailure = TimeSpan.FromSeconds(1);

    private readonly JobDatabase _database;
    private readonly ITimer _timer;
    private readonly object _gate = new();
    private readonly ConcurrentDictionary<long, BegunJob> _unwritten = new();
    private bool _timed;
    private bool _disposed;

    public BegunJobs(JobDatabase database, TimeProvider time)
    {
        _database = database;
        _timer = time.CreateTimer(_ => WriteInTime(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="ObjectDisposedException">The storage is closed.</exception>
    public void Add(BegunJob job)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _unwritten[job.Id] = job;
            SetTimer(Patience);
        }
    }

    public BegunJob? Find(long id) => _unwritten.GetValueOrDefault(id);

    /// <summary>It is in the file.</summary>
    public void Remove(BegunJob job) => _unwritten.TryRemove(KeyValuePair.Create(job.Id, job));

    /// <summary>Writes those that somebody is about to look for. If that fails, he sees what is in the file.</summary>
    /// <returns>Whether all are in the file.</returns>
    public bool WriteAll()
    {
        if (_unwritten.IsEmpty) return true;

        var jobs = _unwritten.Values.ToArray();
        try
        {
            _database.Write(
                session => { foreach (var job in jobs) job.Write(session); },
                () => { foreach (var job in jobs) Remove(job); });
            return true;
        }
        catch (Exception exception)
        {
            // On a timer's thread any exception would end the process
            StorageLog.Debug("The state of jobs that run was not written.", exception);
            return false;
        }
    }

    /// <summary>Writes what is left and takes no more.</summary>
    public void Dispose()
    {
        lock (_gate) _disposed = true;
        _timer.Dispose();
        WriteAll();
    }

    private void WriteInTime()
    {
        lock (_gate) _timed = false;
        if (WriteAll()) return;
        lock (_gate) SetTimer(PatienceAfterFailure);
    }

    private void SetTimer(TimeSpan patience) => _timed = _timed || _timer.Change(patience, Timeout.InfiniteTimeSpan);
}
