using Hangfire.Server;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>Removes what has expired, in short transactions, and gives the pages back to the disk.</summary>
internal sealed class Expiration(SqliteJobStorage storage, SqliteJobStorageOptions options) : IBackgroundProcess
{
    private const int BatchSize = 500;

    /// <summary>Bytes of free pages that stay in the file for the jobs to come.</summary>
    public const int FreeBytesToKeep = 4 * 1024 * 1024;

    public void Execute(BackgroundProcessContext context)
    {
        RemoveExpired(context.StoppingToken);

        using var wake = new ManualResetEventSlim();
        using var timer = options.TimeProvider.CreateTimer(
            _ => wake.Set(), null, options.ExpirationCheckInterval, Timeout.InfiniteTimeSpan);
        wake.Wait(context.StoppingToken);
    }

    /// <summary>Removes all that has expired by now.</summary>
    public void RemoveExpired(CancellationToken cancellationToken)
    {
        var now = storage.UtcNow.ToStored();
        var removed = false;
        foreach (var remove in new Func<SqlSession, long, int>[] { RemoveJobs, RemoveKeys, RemoveCounters })
        {
            int count;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                count = storage.Database.Write(session => remove(session, now));
                removed |= count > 0;
            }
            while (count == BatchSize);
        }

        if (removed) ReturnPages(cancellationToken);
    }

    public override string ToString() => "SqliteJobStorage.Expiration";

    private static int RemoveJobs(SqlSession session, long now)
    {
        var jobs = session.Query(Sql.ExpiredJobs, static row => row.Integer(0), now, BatchSize);
        foreach (var job in jobs) JobCommands.Delete(session, job);
        return jobs.Count;
    }

    private static int RemoveKeys(SqlSession session, long now)
    {
        var keys = session.Query(
            Sql.ExpiredKeys, static row => (Kind: row.Text(0), Key: row.Text(1)), now, BatchSize);
        foreach (var (kind, key) in keys)
        {
            session.Execute(
                kind switch { "set" => Sql.RemoveSet, "hash" => Sql.RemoveHash, _ => Sql.RemoveList }, key);
            session.Execute(Sql.Persist, kind, key);
        }

        return keys.Count;
    }

    private static int RemoveCounters(SqlSession session, long now) =>
        session.Execute(Sql.RemoveExpiredCounters, now, BatchSize);

    private void ReturnPages(CancellationToken cancellationToken)
    {
        var keep = FreeBytesToKeep / storage.Database.Read(static session => session.Scalar<long>(Sql.PageSize));

        // A file that was not made here may be unable to give pages back
        var before = long.MaxValue;
        for (var free = CountFreePages(); free > keep && free < before; free = CountFreePages())
        {
            cancellationToken.ThrowIfCancellationRequested();
            before = free;
            storage.Database.Write(static session => session.Query(Sql.VacuumSome, static _ => 0));
        }

        // The file itself is cut only when the log is copied into it
        storage.Database.Read(static session => session.Query(Sql.Checkpoint, static _ => 0));
    }

    private long CountFreePages() => storage.Database.Read(static session => session.Scalar<long>(Sql.FreePages));
}
