using System.Collections.Frozen;
using Hangfire;
using Hangfire.Logging;
using Hangfire.Server;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Keeps Hangfire's jobs in one SQLite file, for any number of processes on one machine. A commit wakes a worker at
/// once; a job whose process died is run again; a file that cannot be used fails every operation with one line that
/// says what to do, and is used again when it can be.
/// </summary>
public sealed class SqliteJobStorage : JobStorage, IDisposable
{
    private static readonly FrozenSet<string> Features = new[]
    {
        JobStorageFeatures.JobQueueProperty,
        JobStorageFeatures.ExtendedApi,
        JobStorageFeatures.ProcessesInsteadOfComponents,
        JobStorageFeatures.Connection.GetUtcDateTime,
        JobStorageFeatures.Connection.GetSetContains,
        JobStorageFeatures.Connection.LimitedGetSetCount,
        JobStorageFeatures.Connection.BatchedGetFirstByLowest,
        JobStorageFeatures.Transaction.AcquireDistributedLock,
        JobStorageFeatures.Transaction.CreateJob,
        JobStorageFeatures.Transaction.SetJobParameter,
        JobStorageFeatures.Transaction.RemoveFromQueue(typeof(SqliteFetchedJob)),
        JobStorageFeatures.Monitoring.DeletedStateGraphs,
        JobStorageFeatures.Monitoring.AwaitingJobs,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly SqliteJobStorageOptions _options;
    private readonly ChangeWatcher _watcher;
    private bool _disposed;

    /// <summary>Opens the file, or makes it. A file that cannot be used does not throw here: see <see cref="Problem"/>.</summary>
    /// <param name="connectionString">A connection string of Microsoft.Data.Sqlite, such as Data Source=jobs.db.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The connection string is malformed or names no file.</exception>
    public SqliteJobStorage(string connectionString, SqliteJobStorageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(connectionString);

        _options = options ?? new SqliteJobStorageOptions();
        Database = new JobDatabase(connectionString, _options);
        Ids = new JobIds(Database);
        NewJobs = new NewJobs(Database);
        BegunJobs = new BegunJobs(Database, _options.TimeProvider);
        KnownQueues = new KnownQueues(Database);
        Fetcher = new JobFetcher(Database, Signals, _options);
        _watcher = new ChangeWatcher(Database, Signals, ScheduleChanged, _options);
        Database.TryOpen();
    }

    /// <summary>What is wrong with the file at present and what to do about it, in one line; null when it works.</summary>
    public string? Problem => Database.Problem;

    /// <summary>
    /// A job is in the file, and seen by every later read, once the call that wrote it has returned. Only that a worker
    /// has begun with it is seen by other processes some 10 ms later.
    /// </summary>
    public override bool LinearizableReads => true;

    internal JobDatabase Database { get; }

    internal JobIds Ids { get; }

    internal NewJobs NewJobs { get; }

    internal BegunJobs BegunJobs { get; }

    internal JobFetcher Fetcher { get; }

    internal KnownQueues KnownQueues { get; }

    internal QueueSignals Signals { get; } = new();

    internal ManualResetEventSlim ScheduleChanged { get; } = new();

    internal TimeProvider TimeProvider => _options.TimeProvider;

    internal DateTimeOffset UtcNow => _options.TimeProvider.GetUtcNow();

    /// <summary>Reads what is committed, with the jobs that have been created.</summary>
    internal T Read<T>(Func<SqlSession, T> query)
    {
        NewJobs.WriteAll();
        return Database.Read(query);
    }

    /// <inheritdoc/>
    public override IStorageConnection GetConnection() => new SqliteStorageConnection(this);

    /// <inheritdoc/>
    public override IMonitoringApi GetMonitoringApi() => new SqliteMonitoringApi(this);

    /// <summary>The processes that every server but a lightweight one runs for the storage.</summary>
    public override IEnumerable<IBackgroundProcess> GetStorageWideProcesses() =>
        [new DueJobs(this, _options), new Expiration(this, _options)];

    /// <inheritdoc/>
    public override bool HasFeature(string featureId)
    {
        ArgumentNullException.ThrowIfNull(featureId);
        return Features.Contains(featureId);
    }

    /// <inheritdoc/>
    public override void WriteOptionsToLog(ILog logger)
    {
        logger.Info($"Using the following options for {this}:");
        logger.Info($"    Fetched job timeout: {_options.FetchedJobTimeout}");
        logger.Info($"    Change check interval: {_options.ChangeCheckInterval}");
        logger.Info($"    Expiration check interval: {_options.ExpirationCheckInterval}");
        if (Problem is { } problem) logger.Error(problem);
    }

    /// <inheritdoc/>
    public override string ToString() => $"SQLite: {Database.File}";

    /// <summary>Closes the file. Jobs that still run here go back to their queues.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            _watcher.Dispose();
            BegunJobs.Dispose();
            Fetcher.Dispose();
        }
        finally
        {
            Database.Dispose();
        }
    }
}
