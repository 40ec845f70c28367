using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Notices the commits of other processes while a worker of this one waits: asks the file system when the log was
/// written, SQLite for the version of its data only when that has changed, and for jobs only when that has too.
/// </summary>
internal sealed class ChangeWatcher : IDisposable
{
    // File systems keep the time of a write in ticks of their own, which are up to 2 s long: a write
    // so shortly before the look may be followed by one that has the same time.
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(3);

    private readonly JobDatabase _database;
    private readonly QueueSignals _signals;
    private readonly ManualResetEventSlim _scheduleChanged;
    private readonly SqliteJobStorageOptions _options;
    private readonly FileInfo _log;
    private readonly ManualResetEvent _anyoneWaits = new(false);
    private readonly ManualResetEvent _closing = new(false);
    private readonly object _gate = new();
    private readonly Thread _thread;
    private (int Generation, long Number) _version;
    private (DateTime Time, long Length) _written;
    private bool _failed;
    private bool _disposed;

    public ChangeWatcher(
        JobDatabase database, QueueSignals signals, ManualResetEventSlim scheduleChanged, SqliteJobStorageOptions options)
    {
        _database = database;
        _signals = signals;
        _scheduleChanged = scheduleChanged;
        _options = options;
        _log = new FileInfo(database.File + "-wal");
        signals.AnyoneWaitsChanged += Run;

        // A timer would wake a thread of the pool, which then spins for more work: ten times the cost of the look
        _thread = new Thread(LookWhileAnyoneWaits) { IsBackground = true, Name = "SqliteJobStorage.ChangeWatcher" };
        _thread.Start();
    }

    public void Dispose()
    {
        _signals.AnyoneWaitsChanged -= Run;
        _closing.Set();
        _thread.Join();
        lock (_gate)
        {
            _disposed = true;
            _anyoneWaits.Dispose();
            _closing.Dispose();
        }
    }

    private void Run(bool anyoneWaits)
    {
        lock (_gate)
        {
            // A worker may come or go while the storage is closed
            if (_disposed) return;
            if (anyoneWaits) _anyoneWaits.Set();
            else _anyoneWaits.Reset();
        }
    }

    private void LookWhileAnyoneWaits()
    {
        while (WaitHandle.WaitAny([_closing, _anyoneWaits]) != 0)
        {
            Look();
            if (_closing.WaitOne(_options.ChangeCheckInterval)) return;
        }
    }

    private void Look()
    {
        try
        {
            if (!MayHaveChanged()) return;
            LookForChanges();
            _failed = false;
        }
        catch (ObjectDisposedException exception)
        {
            StorageLog.Debug("The storage was closed while commits were looked for.", exception);
        }
        catch (Exception exception)
        {
            // On a thread of its own any exception would end the process
            if (!_failed) StorageLog.Warn("The commits of other processes cannot be seen.", exception);
            _failed = true;
        }
    }

    /// <summary>False when the log is as it was, and was so for a while. Windows says late when a file was written.</summary>
    private bool MayHaveChanged()
    {
        if (_failed || OperatingSystem.IsWindows()) return true;

        _log.Refresh();
        if (!_log.Exists) return true;

        var written = (_log.LastWriteTimeUtc, _log.Length);
        var age = DateTime.UtcNow - written.LastWriteTimeUtc;
        if (written == _written && age > Doubt) return false;

        // Not before its age is beyond doubt: until then it is looked at each time
        _written = age > Doubt ? written : default;
        return true;
    }

    private void LookForChanges()
    {
        var version = _database.DataVersion();
        if (version == _version) return;

        _scheduleChanged.Set();
        foreach (var (queue, waiting) in _signals.WaitedFor())
        {
            var free = _database.Read(session => session.Scalar<long>(Sql.CountFree, queue, waiting));
            _signals.Signal(queue, (int)free);
        }

        // Only now: a look that failed midway is repeated
        _version = version;
    }
}
