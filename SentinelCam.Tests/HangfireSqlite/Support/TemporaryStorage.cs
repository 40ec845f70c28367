using Hangfire;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>A storage in a folder of its own, which is deleted afterwards.</summary>
public sealed class TemporaryStorage : IDisposable
{
    private readonly SqliteJobStorageOptions? _options;
    private readonly List<SqliteJobStorage> _others = [];

    public TemporaryStorage(SqliteJobStorageOptions? options = null)
    {
        _options = options;
        Folder = Directory.CreateTempSubdirectory("job-storage-").FullName;
        File = Path.Combine(Folder, "jobs.db");
        Storage = new SqliteJobStorage(ConnectionString, options);
    }

    public string Folder { get; }

    public string File { get; }

    public string ConnectionString => $"Data Source={File}";

    public SqliteJobStorage Storage { get; }

    /// <summary>A second storage on the same file, as another process would have.</summary>
    public SqliteJobStorage OpenAnother(SqliteJobStorageOptions? options = null)
    {
        var other = new SqliteJobStorage(ConnectionString, options ?? _options);
        _others.Add(other);
        return other;
    }

    public JobStorageConnection Connect() => (JobStorageConnection)Storage.GetConnection();

    public JobStorageMonitor Monitor() => (JobStorageMonitor)Storage.GetMonitoringApi();

    public BackgroundJobServer StartServer(int workers = 2, params string[] queues) => new(
        new BackgroundJobServerOptions
        {
            WorkerCount = workers,
            Queues = queues.Length == 0 ? ["default"] : queues,
            SchedulePollingInterval = TimeSpan.FromHours(1),
            CancellationCheckInterval = TimeSpan.FromHours(1),
            Activator = new JobActivator(),
        },
        Storage);

    public void Dispose()
    {
        foreach (var other in _others) other.Dispose();
        Storage.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
