using Hangfire;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Configuration;
using SentinelCam.Jobs;

namespace SentinelCam.Tests.Jobs;

/// <summary>A <c>jobs.db</c> that cannot be used is set aside and replaced by a new one; one that can is kept.</summary>
public sealed class JobsFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly Lines _log = new();
    private readonly DataDirectory _data;
    private readonly JobsFile _file;

    public JobsFileTests()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DataDirectory", _directory)]).Build();
        _data = DataDirectory.Open(configuration, new HostingEnvironment { ContentRootPath = _directory });
        _file = new JobsFile(_data, Node, new FakeTimeProvider(new DateTimeOffset(2026, 11, 26, 15, 45, 0, TimeSpan.Zero)), _log);
    }

    private static NodeName Node => new("front-desk");

    private string Aside => _data.Jobs + ".20261126-154500.damaged";

    [Fact]
    public void File_that_is_no_database_is_set_aside_with_one_line()
    {
        File.WriteAllText(_data.Jobs, string.Concat(Enumerable.Repeat("this is no database. ", 1_000)));

        Works(_file);

        Assert.StartsWith("this is no database. ", File.ReadAllText(Aside), StringComparison.Ordinal);
        Assert.Equal(
            "jobs.db cannot be used (file is not a database). It was set aside as jobs.db.20261126-154500.damaged and replaced;"
            + " all due work is enqueued again", Assert.Single(_log.Said));
    }

    [Fact]
    public void File_with_damaged_pages_is_set_aside()
    {
        Fill();
        using (var file = File.OpenWrite(_data.Jobs))
        {
            file.Position = 3 * 4_096;
            file.Write(new byte[4_096 * 2]);
        }

        Works(_file);

        Assert.True(File.Exists(Aside));
        Assert.Contains("was set aside", Assert.Single(_log.Said), StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_was_cut_short_is_set_aside()
    {
        Fill();
        using (var file = File.OpenWrite(_data.Jobs))
            file.SetLength(file.Length / 2);

        Works(_file);

        Assert.True(File.Exists(Aside));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pages_of_jobs_that_are_gone_are_given_back_to_the_disk(bool isOfAnEarlierVersion)
    {
        using var other = new SqliteConnection($"Data Source={_data.Jobs};Pooling=False");
        other.Open();
        if (isOfAnEarlierVersion)
            Execute(other, "PRAGMA user_version = 2; CREATE TABLE Something (Id INTEGER PRIMARY KEY)");
        Works(_file);
        Execute(other, """
            CREATE TABLE Gone (Id INTEGER PRIMARY KEY, Text BLOB);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
                INSERT INTO Gone SELECT i, randomblob(1000) FROM n;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
        var before = new FileInfo(_data.Jobs).Length;
        Execute(other, "DELETE FROM Gone");

        _file.CleanUp();

        Execute(other, "PRAGMA wal_checkpoint(TRUNCATE)");
        Assert.InRange(new FileInfo(_data.Jobs).Length, 0, before - (2 << 20));
    }

    [Theory]
    [InlineData("PRAGMA user_version = 1; CREATE TABLE job (id INTEGER NOT NULL PRIMARY KEY, state_name TEXT)")]
    [InlineData("CREATE TABLE something (id INTEGER)")]
    public void File_with_the_schema_of_another_storage_is_set_aside_with_its_companions(string schema)
    {
        using var other = new SqliteConnection($"Data Source={_data.Jobs};Pooling=False");
        other.Open();
        Execute(other, "PRAGMA journal_mode = WAL");
        Execute(other, schema);
        Assert.True(File.Exists(_data.Jobs + "-wal"));

        Works(_file);

        Assert.True(File.Exists(Aside + "-wal"));
        Assert.True(File.Exists(Aside + "-shm"));
        Assert.Contains("its schema is version", Assert.Single(_log.Said), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ahead_log_of_another_file_does_no_harm()
    {
        Fill();
        File.WriteAllBytes(_data.Jobs + "-wal", [.. Enumerable.Repeat((byte)0x5a, 40_000)]);
        File.WriteAllBytes(_data.Jobs + "-shm", [.. Enumerable.Repeat((byte)0x5a, 32_768)]);

        Works(_file);

        Assert.Empty(_log.Said);
    }

    [Fact]
    public void Good_file_is_kept_with_its_jobs()
    {
        Fill();

        using var storage = _file.Open();

        Assert.Equal(50, storage.GetMonitoringApi().EnqueuedCount(JobQueues.Mails));
        Assert.Empty(_log.Said);
        Assert.Empty(Directory.GetFiles(_directory, "*.damaged*"));
    }

    [Fact]
    public void Jobs_and_locks_of_a_killed_process_are_free_at_once()
    {
        string id;
        using (var before = _file.Open())
        {
            id = new BackgroundJobClient(before).Enqueue(JobQueues.Mails, () => CountedJob.Run("never run"));
            // As in a process that is killed: neither the job nor the lock is released
            before.GetConnection().FetchNextJob([JobQueues.Mails], TestContext.Current.CancellationToken);
            before.GetConnection().AcquireDistributedLock("held", TimeSpan.FromSeconds(1));
        }

        using var storage = _file.Open();
        using var connection = storage.GetConnection();
        using var job = connection.FetchNextJob([JobQueues.Mails], TestContext.Current.CancellationToken);
        using var held = connection.AcquireDistributedLock("held", TimeSpan.FromSeconds(1));

        Assert.Equal(id, job.JobId);
    }

    [Theory]
    [InlineData("capture")]
    [InlineData("joined-capture-old-name")]
    public void Jobs_in_queues_that_nobody_works_on_any_more_are_removed(string queue)
    {
        using (var before = _file.Open())
        {
            var client = new BackgroundJobClient(before);
            client.Enqueue(queue, () => CountedJob.Run("never run"));
            client.Enqueue(JobQueues.Mails, () => CountedJob.Run("never run"));
        }

        using var storage = _file.Open();

        var monitoring = storage.GetMonitoringApi();
        Assert.Equal((0, 1), (monitoring.EnqueuedCount(queue), monitoring.EnqueuedCount(JobQueues.Mails)));
        Assert.Equal(1, monitoring.GetStatistics().Enqueued);
        using var file = new SqliteConnection($"Data Source={_data.Jobs};Pooling=False");
        file.Open();
        foreach (var table in new[] { "Job", "State", "JobQueue" })
            Assert.Equal(1L, Read(file, $"SELECT count(DISTINCT {(table == "Job" ? "Id" : "JobId")}) FROM {table}"));
    }

    [Fact]
    public void New_file_is_for_its_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists in place of modes");
        File.WriteAllText(_data.Jobs, "this is no database, but as long as the header that SQLite looks for, and longer");

        Works(_file);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_data.Jobs));
    }

    [Fact]
    public void Damage_while_the_file_is_in_use_is_found_by_the_check()
    {
        Fill();
        using var storage = _file.Open();
        _file.Check();
        using (var other = new SqliteConnection($"Data Source={_data.Jobs};Pooling=False"))
        {
            other.Open();
            Execute(other, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using (var file = new FileStream(_data.Jobs, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            file.Position = 4_096;
            file.Write(new byte[file.Length - 4_096]);
        }

        var problem = Assert.Throws<IOException>(_file.Check).Message;
        Assert.StartsWith("jobs.db cannot be used (", problem, StringComparison.Ordinal);
        Assert.EndsWith("restart SentinelCam, which sets the file aside and makes a new one.", problem, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _data.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Works(JobsFile file)
    {
        using var storage = file.Open();
        var id = new BackgroundJobClient(storage).Enqueue(JobQueues.Capture(Node.Value), () => CountedJob.Run("never run"));
        using var connection = storage.GetConnection();
        using var job = connection.FetchNextJob([JobQueues.Capture(Node.Value)], TestContext.Current.CancellationToken);
        Assert.Equal(id, job.JobId);
        file.Check();
    }

    /// <summary>Some jobs, so that the file has pages to damage.</summary>
    private void Fill()
    {
        using var storage = _file.Open();
        var client = new BackgroundJobClient(storage);
        for (var i = 0; i < 50; i++)
            client.Enqueue(JobQueues.Mails, () => CountedJob.Run(new string('x', 1_000)));
        storage.Dispose();
        using var connection = new SqliteConnection($"Data Source={_data.Jobs};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The callers' texts are constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static object? Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The callers' texts are constants
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    private sealed class Lines : ILogger<JobsFile>
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add(formatter(state, exception));
    }
}
