using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// Copies the log into the file beside the commits: a checkpoint waits for the disk, and a commit that made it
/// would keep every worker waiting for milliseconds.
/// </summary>
internal sealed class Checkpoints(OpenDatabase database) : IDisposable
{
    // A commit of a busy server writes about ten pages of 1 KiB
    private const int CommitsBetween = 1000;

    private readonly object _running = new();
    private int _commits;
    private bool _disposed;

    public void CountCommit()
    {
        if (++_commits < CommitsBetween) return;

        _commits = 0;
        ThreadPool.UnsafeQueueUserWorkItem(static checkpoints => checkpoints.Run(), this, preferLocal: false);
    }

    /// <summary>Waits for the checkpoint that runs; there will be none after it.</summary>
    public void Dispose()
    {
        lock (_running) _disposed = true;
    }

    private void Run()
    {
        if (!Monitor.TryEnter(_running)) return;
        SqlSession? reader = null;
        try
        {
            if (_disposed) return;
            reader = database.RentReader();
            reader.Query(Sql.Checkpoint, static _ => 0);
            database.ReturnReader(reader);
        }
        catch (SqliteException exception)
        {
            reader?.Dispose();
            // Nothing is lost: the log is read as well as the file, and the writer makes a checkpoint in time
            StorageLog.Warn("A checkpoint of the job storage failed.", exception);
        }
        finally
        {
            Monitor.Exit(_running);
        }
    }
}
