using Hangfire;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Where the file lies, what it was made by, and what it replaces.</summary>
public sealed class FileTests : IDisposable
{
    private readonly string _folder = RealFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_new_file_does_not_use_the_ids_of_the_one_that_it_replaces()
    {
        var old = Enumerable.Range(0, 100).Select(_ => Enqueue(Open("jobs.db"))).ToArray();
        foreach (var file in Directory.EnumerateFiles(_folder)) File.Delete(file);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.InRange(Enqueue(Open("jobs.db")), old.Max() + 1, long.MaxValue);
    }

    [Fact]
    public void Paths_through_links_are_one_file_with_one_set_of_locks()
    {
        var real = Path.Combine(_folder, "real");
        Directory.CreateDirectory(real);
        Directory.CreateSymbolicLink(Path.Combine(_folder, "folder-link"), "real");
        File.CreateSymbolicLink(Path.Combine(_folder, "file-link.db"), Path.Combine("folder-link", "jobs.db"));

        using var throughFolder = Open("folder-link/jobs.db");
        using var direct = Open("real/jobs.db");
        using var throughFile = Open("file-link.db");
        using var mine = (JobStorageConnection)direct.GetConnection();
        using var held = mine.AcquireDistributedLock("resource", TimeSpan.Zero);
        foreach (var other in new[] { throughFolder, throughFile })
        {
            Assert.Equal(direct.ToString(), other.ToString());
            using var theirs = other.GetConnection();
            Assert.Throws<DistributedLockTimeoutException>(() => theirs.AcquireDistributedLock("resource", TimeSpan.Zero));
        }

        Assert.Equal(["jobs.db", "jobs.db-locks"], Directory.GetFiles(real).Select(Path.GetFileName).Where(IsKept).Order());
        Assert.Equal(["file-link.db"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_link_that_leads_in_circles_is_one_clear_line()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "a.db"), "b.db");
        File.CreateSymbolicLink(Path.Combine(_folder, "b.db"), "a.db");
        using var storage = Open("a.db");
        Assert.Contains("cannot be opened", storage.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_could_not_shrink_is_made_able_to()
    {
        long id;
        using (var storage = Open("jobs.db")) id = Enqueue(storage);
        Run("PRAGMA journal_mode = DELETE", "PRAGMA auto_vacuum = NONE", "VACUUM");
        using var again = Open("jobs.db");
        Assert.Null(again.Problem);
        Assert.Equal(2, again.Read(static session => session.Scalar<long>("PRAGMA auto_vacuum")));
        Assert.Equal($"{id}", again.GetMonitoringApi().EnqueuedJobs("default", 0, 10).Single().Key);
    }

    /// <summary>The locks of this kind of SQLite are what it has left on a network folder: no memory is shared.</summary>
    [Fact]
    public void Where_no_log_can_be_shared_it_says_so()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("SQLite's unix-dotfile is there on Unix only");
        using var storage = new SqliteJobStorage($"Data Source={_folder}/jobs.db;Vfs=unix-dotfile");
        Assert.Contains("network folder", storage.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', storage.Problem!);
    }

    [Fact]
    public void A_connection_may_be_closed_after_its_storage()
    {
        var storage = Open("jobs.db");
        var connection = storage.GetConnection();
        connection.CreateJob();
        var fetching = storage.Signals.Register(["default"]);
        storage.Dispose();
        connection.Dispose();
        fetching.Dispose();
        storage.Signals.Register(["default"]).Dispose();
    }

    private static string RealFolder()
    {
        var folder = Directory.CreateTempSubdirectory("storage-file-");
        return folder.ResolveLinkTarget(true)?.FullName ?? folder.FullName;
    }

    private static bool IsKept(string? name) => name?.EndsWith("-wal", StringComparison.Ordinal) is false && !name.EndsWith("-shm", StringComparison.Ordinal);

    private static long Enqueue(SqliteJobStorage storage)
    {
        using (storage)
        {
            var id = new BackgroundJobClient(storage).Enqueue(() => Signals.Send("nobody", "x"));
            return long.Parse(id, System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private SqliteJobStorage Open(string name) =>
        new($"Data Source={Path.Combine(_folder, name)}", new SqliteJobStorageOptions { TimeProvider = _clock });

    private void Run(params string[] statements)
    {
        using var connection = new SqliteConnection($"Data Source={_folder}/jobs.db;Pooling=False");
        connection.Open();
        foreach (var sql in statements)
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The callers' texts are constants
            command.CommandText = sql;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
    }
}
