using Hangfire;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>A file that cannot be used: one line that says what to do, at once, and never an end of the program.</summary>
public sealed class BadFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bad-file-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    private string Path => System.IO.Path.Combine(_folder, "jobs.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_that_is_no_database_is_left_alone_and_may_be_moved_away()
    {
        File.WriteAllText(Path, new string('x', 10_000));
        using var storage = Open();
        AssertFails(storage, "corrupt", "move the file away");
        Assert.Equal(new string('x', 10_000), File.ReadAllText(Path));

        File.Move(Path, Path + ".bad");
        AssertFails(storage, "corrupt");
        _clock.Advance(TimeSpan.FromSeconds(6));
        AssertWorks(storage);
    }

    [Fact]
    public void A_file_of_another_program_is_left_alone()
    {
        Run("CREATE TABLE theirs (id INTEGER)");
        var before = File.ReadAllBytes(Path);
        using (var storage = Open()) AssertFails(storage, "another program", "name another file");
        Assert.Equal(before, File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_newer_schema_is_refused()
    {
        using (var storage = Open()) AssertWorks(storage);
        Run("PRAGMA user_version = 99");
        using var again = Open();
        AssertFails(again, "schema 99", "newer program");
    }

    [Fact]
    public void A_read_only_file_says_so()
    {
        using (var storage = Open()) AssertWorks(storage);
        using var readOnly = new SqliteJobStorage($"Data Source={Path};Mode=ReadOnly", Options());
        AssertFails(readOnly, "read-only", "write the file");
    }

    [Fact]
    public void A_folder_in_place_of_the_file_says_so()
    {
        Directory.CreateDirectory(Path);
        using var storage = Open();
        AssertFails(storage, "cannot be opened", "folder");
    }

    [Fact]
    public void A_folder_that_is_missing_says_so_and_is_waited_for()
    {
        var folder = System.IO.Path.Combine(_folder, "later");
        using var storage = new SqliteJobStorage($"Data Source={folder}/jobs.db", Options());
        AssertFails(storage, "cannot be opened");
        Directory.CreateDirectory(folder);
        _clock.Advance(TimeSpan.FromSeconds(6));
        AssertWorks(storage);
    }

    [Fact]
    public void A_full_disk_says_so_and_the_storage_goes_on_when_there_is_space_again()
    {
        var options = Options();
        options.MaxPages = 160;
        using var storage = new SqliteJobStorage($"Data Source={Path}", options);
        var client = new BackgroundJobClient(storage);
        var large = new string('x', 2000);
        var failure = Assert.Throws<BackgroundJobClientException>(() =>
        {
            for (var i = 0; i < 1000; i++) client.Enqueue(() => Signals.Send("nobody", large));
        });
        Assert.Contains("no space left", failure.InnerException!.Message, StringComparison.Ordinal);
        Assert.Contains("no space left", storage.Problem, StringComparison.Ordinal);

        var monitor = storage.GetMonitoringApi();
        foreach (var (id, _) in monitor.EnqueuedJobs("default", 0, 20)) RemoveForGood(storage, id);
        AssertWorks(storage);
    }

    [Fact]
    public void A_file_that_is_damaged_while_it_is_open_can_be_moved_away_and_is_made_anew()
    {
        using var storage = Open();
        AssertWorks(storage);
        var before = storage.Database.DataVersion();
        storage.Database.Read(static session => session.Query(Sql.Checkpoint, static _ => 0));
        Damage();

        // Pages that are in memory are not read again
        storage.Database.Read(static session => session.Query("PRAGMA shrink_memory", static _ => 0));
        var failure = Assert.Throws<SqliteJobStorageException>(() => storage.GetMonitoringApi().GetStatistics());
        Assert.Contains("corrupt", failure.Message, StringComparison.Ordinal);
        AssertFails(storage, "corrupt");
        _clock.Advance(TimeSpan.FromSeconds(6));
        AssertFails(storage, "corrupt");

        foreach (var file in Directory.EnumerateFiles(_folder, "jobs.db*")) File.Move(file, file + ".bad");
        _clock.Advance(TimeSpan.FromSeconds(6));
        AssertWorks(storage);
        Assert.NotEqual(before.Generation, storage.Database.DataVersion().Generation);
    }

    [Fact]
    public void A_commit_that_ends_after_the_file_was_found_damaged_does_not_hide_it()
    {
        using var storage = Open();
        storage.Database.Write(static _ => { }, () => Assert.Throws<SqliteJobStorageException>(() => storage.Database.Read<int>(
            static _ => throw new SqliteException("damaged", SqliteError.Corrupt))));
        Assert.Contains("corrupt", storage.Problem, StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(6));
        AssertWorks(storage);
    }

    [Fact]
    public void A_deleted_file_is_made_anew_at_the_next_start()
    {
        using (var storage = Open()) AssertWorks(storage);
        foreach (var file in Directory.EnumerateFiles(_folder)) File.Delete(file);
        using var again = Open();
        AssertWorks(again);
    }

    [Fact]
    public void A_server_waits_for_the_file_and_then_works()
    {
        File.WriteAllText(Path, new string('x', 10_000));
        using var storage = new SqliteJobStorage(
            $"Data Source={Path}", new SqliteJobStorageOptions { ReopenInterval = TimeSpan.FromMilliseconds(100) });
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = 1, Activator = new JobActivator() }, storage);
        File.Delete(Path);

        var name = Signals.NewName();
        Assert.True(SpinWait.SpinUntil(() => TryEnqueue(storage, name), Signals.Patience));
        Assert.Equal("works", Signals.Receive(name));
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Mode=Memory;Data Source=x")]
    [InlineData("")]
    [InlineData("Nonsense=1")]
    public void A_connection_string_without_a_file_is_a_mistake(string connectionString) =>
        Assert.Throws<ArgumentException>(() => new SqliteJobStorage(connectionString));

    private static bool TryEnqueue(SqliteJobStorage storage, string name)
    {
        try
        {
            new BackgroundJobClient(storage).Enqueue(() => Signals.Send(name, "works"));
            return true;
        }
        catch (BackgroundJobClientException)
        {
            return false;
        }
    }

    private static void AssertFails(SqliteJobStorage storage, params string[] words)
    {
        var failure = Assert.Throws<BackgroundJobClientException>(
            () => new BackgroundJobClient(storage).Enqueue(() => Signals.Send("nobody", "x")));
        var reason = Assert.IsType<SqliteJobStorageException>(failure.InnerException);
        Assert.Equal(storage.Problem, reason.Message);
        Assert.DoesNotContain('\n', reason.Message);
        Assert.All(words, word => Assert.Contains(word, reason.Message, StringComparison.Ordinal));
    }

    private static void AssertWorks(SqliteJobStorage storage)
    {
        Assert.NotNull(new BackgroundJobClient(storage).Enqueue(() => Signals.Send("nobody", "x")));
        Assert.Null(storage.Problem);
    }

    private static void RemoveForGood(SqliteJobStorage storage, string id) => storage.Database.Write(session =>
        JobCommands.Delete(session, long.Parse(id, System.Globalization.CultureInfo.InvariantCulture)));

    private SqliteJobStorageOptions Options() => new() { TimeProvider = _clock };

    private SqliteJobStorage Open() => new($"Data Source={Path}", Options());

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The callers' texts are constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    // All pages but the first, which says that it is a database
    private void Damage()
    {
        foreach (var suffix in new[] { "", "-wal" })
        {
            using var file = new FileStream(Path + suffix, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            for (var position = suffix.Length == 0 ? 1024L : 0; position < file.Length; position += 1024)
            {
                file.Position = position;
                file.Write(new byte[Math.Min(1024, file.Length - position)].Select(_ => (byte)0x5a).ToArray());
            }
        }
    }
}
