using Microsoft.Data.Sqlite;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Notices the commits of other processes while a worker of this one waits: asks SQLite for the version of its
/// data, which costs a look at shared memory, and for jobs only when that has changed.
/// </summary>
internal sealed class ChangeWatcher : IDisposable
{
    private readonly JobDatabase _database;
    private readonly QueueSignals _signals;
    private readonly ManualResetEventSlim _scheduleChanged;
    private readonly SqliteJobStorageOptions _options;
    private readonly ITimer _timer;
    private readonly object _gate = new();
    private long _version;
    private bool _failed;
    private volatile bool _disposed;

    public ChangeWatcher(
        JobDatabase database, QueueSignals signals, ManualResetEventSlim scheduleChanged, SqliteJobStorageOptions options)
    {
        _database = database;
        _signals = signals;
        _scheduleChanged = scheduleChanged;
        _options = options;
        _timer = options.TimeProvider.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        signals.AnyoneWaitsChanged += Run;
    }

    public void Dispose()
    {
        _signals.AnyoneWaitsChanged -= Run;
        _timer.Dispose();
        lock (_gate) _disposed = true;
    }

    private void Run(bool anyoneWaits)
    {
        var period = anyoneWaits ? _options.ChangeCheckInterval : Timeout.InfiniteTimeSpan;
        _timer.Change(period, period);
    }

    private void Look()
    {
        // A look that takes longer than the interval is not joined by a second one
        if (!Monitor.TryEnter(_gate)) return;
        try
        {
            if (_disposed) return;
            LookForChanges();
            _failed = false;
        }
        catch (Exception exception) when (exception is SqliteJobStorageException or SqliteException)
        {
            if (!_failed) StorageLog.Warn("The commits of other processes cannot be seen.", exception);
            _failed = true;
        }
        catch (ObjectDisposedException exception)
        {
            StorageLog.Debug("The storage was closed while commits were looked for.", exception);
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }

    private void LookForChanges()
    {
        var version = _database.DataVersion();
        if (version == _version) return;

        _version = version;
        _scheduleChanged.Set();
        foreach (var (queue, waiting) in _signals.WaitedFor())
        {
            var free = _database.Read(session => session.Scalar<long>(Sql.CountFree, queue, waiting));
            _signals.Signal(queue, (int)free);
        }
    }
}
