using System.Collections.Concurrent;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>A job as it is first written.</summary>
internal sealed record NewJob(long Id, InvocationData Data, string? Parameters, long CreatedAt, long ExpireAt)
{
    public void Insert(SqlSession session) => session.Execute(
        Sql.InsertJob, Id, Data.Type, Data.Method, Data.ParameterTypes, Data.Arguments, Data.Queue,
        Parameters, CreatedAt, ExpireAt);

    public void Insert(SqlSession session, long? expireAt, string state, long now) => session.Execute(
        Sql.InsertJobWithState, Id, Data.Type, Data.Method, Data.ParameterTypes, Data.Arguments, Data.Queue,
        Parameters, CreatedAt, expireAt, state, now);
}

/// <summary>
/// Jobs that were created and not yet written. Hangfire makes a job in two steps, of which the first alone has no
/// effect that anybody could see, so both are written in one transaction. A read in between writes them first.
/// </summary>
internal sealed class NewJobs(JobDatabase database)
{
    private readonly ConcurrentDictionary<long, NewJob> _unwritten = new();

    public void Add(NewJob job) => _unwritten.TryAdd(job.Id, job);

    public NewJob? Find(long id) => _unwritten.GetValueOrDefault(id);

    /// <summary>The job is in the file.</summary>
    public void Remove(NewJob job) => _unwritten.TryRemove(job.Id, out _);

    /// <summary>
    /// Writes those that somebody is about to look for. If that fails, they are not there to be seen: the commit
    /// of the one who creates them will fail and tell him.
    /// </summary>
    public void WriteAll()
    {
        if (_unwritten.IsEmpty) return;
        foreach (var job in _unwritten.Values) TryWrite(job);
    }

    /// <summary>Writes a job whose creator leaves without giving it a state.</summary>
    public void WriteLast(NewJob job)
    {
        TryWrite(job);
        Remove(job);
    }

    private void TryWrite(NewJob job)
    {
        try
        {
            // The transaction that gives it its state may come first, or run in the same group: both are right
            if (_unwritten.ContainsKey(job.Id)) database.Write(job.Insert, () => Remove(job));
        }
        catch (Exception exception) when (exception is SqliteJobStorageException or SqliteException or ObjectDisposedException)
        {
            StorageLog.Debug($"Job {job.Id}, which has no state, was not written.", exception);
        }
    }
}
