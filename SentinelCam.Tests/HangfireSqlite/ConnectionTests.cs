using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Opening the file, its schema, its settings and its clock.</summary>
public sealed class ConnectionTests : IDisposable
{
    private readonly TemporaryStorage _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void The_file_has_our_mark_our_version_a_log_and_gives_pages_back()
    {
        Assert.Equal(SchemaMigrator.ApplicationId, Pragma("PRAGMA application_id"));
        Assert.Equal(SchemaMigrator.KnownVersion, Pragma("PRAGMA user_version"));
        Assert.Equal(2, Pragma("PRAGMA auto_vacuum"));
        Assert.True(File.Exists(_temporary.File + "-wal"));
        _temporary.Storage.Database.Write(static session => Assert.Equal(1, session.Scalar<long>("PRAGMA synchronous")));
    }

    [Fact]
    public void The_scripts_are_numbered_without_a_gap()
    {
        var names = typeof(SqliteJobStorage).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("HangfireSqlite.Schema.", StringComparison.Ordinal)).Order().ToArray();
        Assert.Equal(SchemaMigrator.KnownVersion, names.Length);
        for (var i = 0; i < names.Length; i++)
            Assert.StartsWith($"HangfireSqlite.Schema.{i + 1:D3}_", names[i], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storages_that_open_a_new_file_together_make_the_schema_once()
    {
        var connectionString = $"Data Source={_temporary.Folder}/together.db";
        var storages = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => new SqliteJobStorage(connectionString), TestContext.Current.CancellationToken)));
        Assert.All(storages, storage => Assert.Null(storage.Problem));
        foreach (var storage in storages) storage.Dispose();
    }

    [Fact]
    public void A_reopened_file_has_what_was_written()
    {
        string id;
        using (var first = new SqliteJobStorage($"Data Source={_temporary.Folder}/kept.db"))
            id = new BackgroundJobClient(first).Enqueue(() => Signals.Send("nobody", "x"));
        Assert.False(File.Exists($"{_temporary.Folder}/kept.db-wal"));
        using var second = new SqliteJobStorage($"Data Source={_temporary.Folder}/kept.db");
        Assert.Equal(1, second.GetMonitoringApi().EnqueuedCount("default"));
        using var connection = second.GetConnection();
        Assert.Equal("Enqueued", connection.GetJobData(id).State);
    }

    [Fact]
    public void Its_clock_is_the_one_it_was_given()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var storage = _temporary.OpenAnother(new SqliteJobStorageOptions { TimeProvider = clock });
        using var connection = (JobStorageConnection)storage.GetConnection();
        Assert.Equal(new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc), connection.GetUtcDateTime());
    }

    [Fact]
    public void A_silent_server_is_removed()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var storage = _temporary.OpenAnother(new SqliteJobStorageOptions { TimeProvider = clock });
        using var connection = (JobStorageConnection)storage.GetConnection();
        connection.AnnounceServer("silent", new Hangfire.Server.ServerContext { Queues = ["default"], WorkerCount = 1 });
        clock.Advance(TimeSpan.FromMinutes(3));
        connection.AnnounceServer("alive", new Hangfire.Server.ServerContext { Queues = ["default"], WorkerCount = 1 });
        clock.Advance(TimeSpan.FromMinutes(3));
        connection.Heartbeat("alive");
        Assert.Equal(1, connection.RemoveTimedOutServers(TimeSpan.FromMinutes(5)));
        Assert.Equal("alive", storage.GetMonitoringApi().Servers().Single().Name);
    }

    [Fact]
    public void It_names_its_file_and_reads_are_linearizable()
    {
        Assert.Equal($"SQLite: {_temporary.File}", _temporary.Storage.ToString());
        Assert.True(_temporary.Storage.LinearizableReads);
        Assert.True(_temporary.Storage.HasFeature(JobStorageFeatures.ProcessesInsteadOfComponents));
    }

    [Fact]
    public void Hangfire_is_configured_to_use_it_with_its_options()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var storage = GlobalConfiguration.Configuration
            .UseSqliteJobStorage(_temporary.ConnectionString, new SqliteJobStorageOptions { TimeProvider = clock }).Entry;
        Assert.Same(storage, JobStorage.Current);
        var id = new BackgroundJobClient().Enqueue(() => Signals.Send("nobody", "x"));
        Assert.Equal(clock.GetUtcNow().UtcDateTime, _temporary.Monitor().EnqueuedJobs("default", 0, 1).Single(job => job.Key == id).Value.EnqueuedAt);
        Assert.Throws<ArgumentException>(() => GlobalConfiguration.Configuration.UseSqliteJobStorage("Data Source=:memory:"));
    }

    [Fact]
    public void A_closed_storage_refuses_work()
    {
        var storage = _temporary.OpenAnother();
        storage.Dispose();
        storage.Dispose();
        Assert.Throws<ObjectDisposedException>(() => storage.GetMonitoringApi().GetStatistics());
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SqliteJobStorageOptions { FetchedJobTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SqliteJobStorageOptions { BusyTimeout = TimeSpan.FromSeconds(-1) });
    }

    private long Pragma(string sql) => _temporary.Storage.Read(session => session.Scalar<long>(sql));
}
