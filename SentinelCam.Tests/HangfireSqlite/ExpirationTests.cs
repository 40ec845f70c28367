using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>What expires goes, and the file shrinks.</summary>
public sealed class ExpirationTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly SqliteJobStorageOptions _options;
    private readonly TemporaryStorage _temporary;
    private readonly JobStorageConnection _connection;

    public ExpirationTests()
    {
        _options = new SqliteJobStorageOptions { TimeProvider = _clock };
        _temporary = new TemporaryStorage(_options);
        _connection = _temporary.Connect();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void A_job_goes_with_its_history_when_its_time_has_come()
    {
        var id = _connection.Enqueue();
        _connection.Commit(t => t.SetJobState(id, new DeletedState()), t => t.ExpireJob(id, TimeSpan.FromHours(1)));
        RemoveExpired();
        Assert.NotNull(_connection.GetJobData(id));

        _clock.Advance(TimeSpan.FromHours(1));
        RemoveExpired();
        Assert.Null(_connection.GetJobData(id));
        Assert.Equal(0, Count("job_state"));
        Assert.Equal(0, _temporary.Monitor().DeletedListCount());
    }

    [Fact]
    public void A_job_that_never_got_a_state_goes_too()
    {
        var id = _connection.CreateJob();
        Assert.NotNull(_connection.GetJobData(id));
        _clock.Advance(TimeSpan.FromHours(2));
        RemoveExpired();
        Assert.Null(_connection.GetJobData(id));
    }

    [Fact]
    public void What_has_no_end_stays()
    {
        var id = _connection.Enqueue();
        _connection.Commit(t => t.IncrementCounter("c"), t => t.AddToSet("s", "v"), t => t.InsertToList("l", "v"));
        _clock.Advance(TimeSpan.FromDays(1000));
        RemoveExpired();
        Assert.NotNull(_connection.GetJobData(id));
        Assert.Equal((1, 1, 1), (_connection.GetCounter("c"), _connection.GetSetCount("s"), _connection.GetListCount("l")));
    }

    [Fact]
    public void Counters_sets_hashes_and_lists_go_and_come_back_without_an_end()
    {
        var hour = TimeSpan.FromHours(1);
        _connection.Commit(
            t => t.IncrementCounter("c", hour),
            t => t.AddToSet("k", "v"), t => t.ExpireSet("k", hour),
            t => t.InsertToList("k", "v"), t => t.ExpireList("k", hour),
            t => t.SetRangeInHash("k", new Dictionary<string, string> { ["f"] = "v" }), t => t.ExpireHash("k", hour));
        Assert.Equal(hour, _connection.GetHashTtl("k"));

        _clock.Advance(hour);
        Assert.Equal(TimeSpan.Zero, _connection.GetHashTtl("k"));
        // The end of a counter is the next whole minute
        _clock.Advance(TimeSpan.FromMinutes(1));
        RemoveExpired();
        foreach (var table in new[] { "counter", "set_item", "list_item", "hash_field", "key_expiration" })
            Assert.Equal(0, Count(table));

        _connection.Commit(t => t.AddToSet("k", "v"));
        Assert.Equal(Timeout.InfiniteTimeSpan, _connection.GetSetTtl("k"));
    }

    [Fact]
    public void Thousands_go_in_short_transactions_and_give_their_pages_back()
    {
        AssertGivesPagesBack(_temporary.Storage);
        Assert.Equal(1024, Number(_temporary.Storage, Sql.PageSize));
    }

    /// <summary>SQLite left to itself makes such a file on some disks.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(65536)]
    public void A_file_with_pages_of_another_size_gives_them_back_too(int pageSize)
    {
        var file = Path.Combine(_temporary.Folder, "other.db");
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A number
            command.CommandText = $"PRAGMA page_size = {pageSize}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL";
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }

        using var storage = new SqliteJobStorage($"Data Source={file}", _options);
        Assert.Equal(pageSize, Number(storage, Sql.PageSize));
        AssertGivesPagesBack(storage);
    }

    [Fact]
    public void The_log_of_a_busy_storage_does_not_outgrow_its_bounds()
    {
        for (var i = 0; i < 6_000; i++) _connection.Commit(t => t.IncrementCounter("c"), t => t.AddToSet("s", "v", i));
        var log = new FileInfo(_temporary.File + "-wal");
        Assert.InRange(log.Length, 1, 48 * 1024 * 1024);
    }

    [Fact]
    public void It_works_in_any_server_but_a_lightweight_one()
    {
        var names = _temporary.Storage.GetStorageWideProcesses().Select(process => process.ToString());
        Assert.Contains("SqliteJobStorage.Expiration", names);
    }

    /// <summary>The jobs take 12 MB at least, of which the file may keep 4.</summary>
    private void AssertGivesPagesBack(SqliteJobStorage storage)
    {
        const int Jobs = 6_000;
        var large = new Dictionary<string, string> { ["Text"] = new('x', 2_000) };
        using var connection = (JobStorageConnection)storage.GetConnection();
        foreach (var chunk in Enumerable.Range(0, Jobs).Chunk(500))
        {
            connection.Commit(t =>
            {
                foreach (var _ in chunk) t.SetJobState(connection.CreateJob(large), new DeletedState());
            });
        }

        var monitor = (JobStorageMonitor)storage.GetMonitoringApi();
        Assert.Equal(Jobs, monitor.DeletedListCount());
        var full = Number(storage, "PRAGMA page_count") * Number(storage, Sql.PageSize);
        Assert.InRange(full, 12_000_000, long.MaxValue);

        _clock.Advance(TimeSpan.FromHours(2));
        new Expiration(storage, _options).RemoveExpired(Token);
        Assert.Equal(0, monitor.DeletedListCount());
        Assert.InRange(Number(storage, "PRAGMA page_count") * Number(storage, Sql.PageSize), 1, Expiration.FreeBytesToKeep + 1_000_000);
    }

    private void RemoveExpired() => new Expiration(_temporary.Storage, _options).RemoveExpired(Token);

    private static long Number(SqliteJobStorage storage, string sql) => storage.Read(session => session.Scalar<long>(sql));

    private long Count(string table) => Number(_temporary.Storage, $"SELECT count(*) FROM {table}");
}
