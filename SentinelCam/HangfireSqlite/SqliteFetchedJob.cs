using System.Globalization;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>A job that one worker has taken. Left without an answer, it goes back to its place in the queue.</summary>
internal sealed class SqliteFetchedJob : IFetchedJob
{
    private readonly JobFetcher _fetcher;
    private int _finished;
    private int _returning;

    public SqliteFetchedJob(JobFetcher fetcher, long id, long jobId, string queue, string[] queues)
    {
        _fetcher = fetcher;
        Id = id;
        NumericJobId = jobId;
        JobId = jobId.ToString(CultureInfo.InvariantCulture);
        Queue = queue;
        Queues = queues;
    }

    /// <summary>The row in the queue.</summary>
    public long Id { get; }

    public long NumericJobId { get; }

    public string JobId { get; }

    public string Queue { get; }

    /// <summary>All queues that its worker listens to.</summary>
    public string[] Queues { get; }

    public void RemoveFromQueue()
    {
        if (Volatile.Read(ref _finished) != 0 || Volatile.Read(ref _returning) != 0) return;
        _fetcher.Acknowledge(this);
        MarkFinished();
    }

    /// <summary>Removes it as part of a transaction; <see cref="MarkFinished"/> follows when that is committed.</summary>
    public void RemoveFromQueue(SqlSession session) => _fetcher.Acknowledge(this, session);

    public void Requeue()
    {
        if (Volatile.Read(ref _finished) != 0 || Volatile.Read(ref _returning) != 0) return;
        try
        {
            _fetcher.Requeue(this);
            MarkFinished();
        }
        catch (Exception exception) when (exception is SqliteJobStorageException or SqliteException)
        {
            // This process lives, so nobody else would ever take the job for lost
            if (Interlocked.Exchange(ref _returning, 1) == 0) _fetcher.ReturnLater(this);
            StorageLog.Warn($"Job {JobId} goes back to its queue as soon as the file can be written.", exception);
        }
    }

    public void MarkFinished()
    {
        if (Interlocked.Exchange(ref _finished, 1) == 0) _fetcher.Finished();
    }

    public void Dispose() => Requeue();
}
