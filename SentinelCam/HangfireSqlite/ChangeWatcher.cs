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
    private readonly ManualResetEvent _anyoneWaits = new(false);
    private readonly ManualResetEvent _closing = new(false);
    private readonly Thread _thread;
    private long _version;
    private bool _failed;

    public ChangeWatcher(
        JobDatabase database, QueueSignals signals, ManualResetEventSlim scheduleChanged, SqliteJobStorageOptions options)
    {
        _database = database;
        _signals = signals;
        _scheduleChanged = scheduleChanged;
        _options = options;
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
        _anyoneWaits.Dispose();
        _closing.Dispose();
    }

    private void Run(bool anyoneWaits)
    {
        if (anyoneWaits) _anyoneWaits.Set();
        else _anyoneWaits.Reset();
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
