using System.Globalization;
using System.Text.RegularExpressions;
using Hangfire.Storage.SQLite;
using SentinelCam.Configuration;
using SQLite;

namespace SentinelCam.Jobs;

/// <summary>
/// <c>jobs.db</c>. A file that cannot be used is set aside and replaced by a new one; <see cref="WorkStarter"/> then enqueues
/// all work that <c>sentinelcam.db</c> says is due.
/// </summary>
public sealed partial class JobsFile(
    DataDirectory data, NodeName node, TimeProvider time, ILogger<JobsFile> logger) : JobsDatabase
{
    /// <summary>Written as <c>user_version</c>. A file with tables and another number has another schema.</summary>
    private const int Version = 2;

    /// <summary>
    /// A job that was fetched and is not done after this time runs again. Nothing renews the time while a job runs, so it must
    /// exceed the longest job: a mail takes 45 minutes at most, and the retention runs every hour. A retention that takes longer
    /// would run twice at once, which is harmless. Nobody waits for this time: a start releases what the last process held, and
    /// <see cref="WorkStarter"/> finds lost jobs within minutes.
    /// </summary>
    private static readonly TimeSpan LongestJob = TimeSpan.FromHours(1);

    /// <summary>How many free pages stay in the file, because the next jobs need them.</summary>
    private const int FreePagesKept = 256;

    private const int PagesPerStep = 200;

    /// <summary>SQLite's number for a file that gives pages back on request.</summary>
    private const int Incremental = 2;

    /// <summary>Checks the file, replaces it if it cannot be used, and opens it.</summary>
    /// <exception cref="ConfigurationException">The file can be neither used nor replaced, as on a full disk.</exception>
    public override SQLiteStorage Open()
    {
        try
        {
            try
            {
                Probe();
            }
            catch (SQLiteException error) when (!MayPass(error.Result))
            {
                SetAside(error.Message);
                Probe();
            }

            PrepareOld();

            var options = new SQLiteStorageOptions
            {
                QueuePollInterval = TimeSpan.FromSeconds(5),
                InvisibilityTimeout = LongestJob,
                AutoVacuumSelected = SQLiteStorageOptions.AutoVacuum.INCREMENTAL,
            };
            var storage = new SQLiteStorage(new SQLiteDbConnectionFactory(Connect), options);
            storage.QueueProviders.Add(new SignalledQueues(options), JobQueues.Of(node.Value));
            ReleaseWhatTheLastProcessHeld();
            RemoveJobsThatNobodyTakes();
            return storage;
        }
        catch (Exception error) when (error is SQLiteException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException("DataDirectory", data.Root,
                $"a directory in which jobs.db can be read, written and replaced ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    /// <summary>Reads the whole file and writes to it.</summary>
    /// <exception cref="IOException">It cannot be used; the message says why, and what to do.</exception>
    public override void Check()
    {
        try
        {
            Probe();
        }
        catch (SQLiteException error)
        {
            var remedy = error.Result == SQLite3.Result.Full ? "make room on the disk"
                : error.Result is SQLite3.Result.IOError or SQLite3.Result.ReadOnly or SQLite3.Result.CannotOpen
                ? "check that the disk can be read and written; a failing disk becomes read-only"
                : MayPass(error.Result) ? "it may pass by itself"
                : "restart SentinelCam, which sets the file aside and makes a new one";
            throw new IOException($"jobs.db cannot be used ({error.Message}): {remedy}.", error);
        }
    }

    /// <summary>Gives the pages of jobs that are gone back to the disk, as after a flood.</summary>
    public override void CleanUp()
    {
        using var connection = Connect();
        while (connection.ExecuteScalar<int>("PRAGMA freelist_count") is var free and > FreePagesKept)
        {
            connection.Query<Nothing>(string.Create(
                CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({Math.Min(PagesPerStep, free - FreePagesKept)})"));
            // Made without it
            if (connection.ExecuteScalar<int>("PRAGMA freelist_count") >= free)
                return;
        }
    }

    /// <summary>Whether an error may pass without a change to the file.</summary>
    private static bool MayPass(SQLite3.Result result) =>
        result is SQLite3.Result.Full or SQLite3.Result.Busy or SQLite3.Result.Locked or SQLite3.Result.NoMem
            or SQLite3.Result.IOError;

    /// <summary>Whether SQLite's report of damage is about a page that the disk did not return: the page may be whole.</summary>
    private static bool IsReadError(string damage) =>
        ReadError().Match(damage) is { Success: true } match
        && (int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) & 0xff) == (int)SQLite3.Result.IOError;

    [GeneratedRegex(@"unable to get the page\. error code=(\d{1,5})")]
    private static partial Regex ReadError();

    /// <exception cref="SQLiteException">The file is damaged, of another version, or cannot be read or written.</exception>
    private void Probe()
    {
        using var connection = Connect();
        if (connection.ExecuteScalar<string>("PRAGMA quick_check(1)") is not "ok" and var damage)
            throw SQLiteException.New(IsReadError(damage) ? SQLite3.Result.IOError : SQLite3.Result.Corrupt, damage);
        if (connection.ExecuteScalar<int>("PRAGMA user_version") is not Version and var other
            && connection.ExecuteScalar<int>("SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw SQLiteException.New(SQLite3.Result.Format,
                string.Create(CultureInfo.InvariantCulture, $"its schema is version {other}, not {Version}"));
        }

        // Before the first page is written; later it changes nothing
        connection.ExecuteScalar<int>("PRAGMA auto_vacuum = INCREMENTAL");
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
    }

    /// <summary>Prepares a file of an earlier version for <see cref="CleanUp"/>.</summary>
    private void PrepareOld()
    {
        using var connection = Connect();
        if (connection.ExecuteScalar<int>("PRAGMA auto_vacuum") == Incremental)
            return;
        connection.ExecuteScalar<int>("PRAGMA auto_vacuum = INCREMENTAL");
        connection.Execute("VACUUM");
    }

    /// <summary>
    /// Several threads can use one connection, because a timer renews locks: hence <see cref="SQLiteOpenFlags.FullMutex"/>. A
    /// power cut may take the latest jobs, which are enqueued again, so a commit does not wait for the disk.
    /// </summary>
    private SQLiteConnection Connect()
    {
        var connection = new SQLiteConnection(
            data.Jobs, SQLiteOpenFlags.ReadWrite | SQLiteOpenFlags.Create | SQLiteOpenFlags.FullMutex, storeDateTimeAsTicks: true)
        {
            BusyTimeout = TimeSpan.FromSeconds(10),
        };
        try
        {
            connection.Execute("PRAGMA synchronous = NORMAL");
            // The file is small, and there are a dozen connections to it
            connection.ExecuteScalar<int>("PRAGMA cache_size = -128");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The file belongs to this process alone, so every fetched job, lock and server in it is left from an earlier process.
    /// </summary>
    private void ReleaseWhatTheLastProcessHeld()
    {
        using var connection = Connect();
        connection.Execute("UPDATE JobQueue SET FetchedAt = ?", DateTime.MinValue);
        connection.Execute("DELETE FROM DistributedLock");
        connection.Execute("DELETE FROM Server");
    }

    /// <summary>
    /// Removes jobs in queues of an earlier version, or of the time before <c>Node:Name</c> was changed. Their work is enqueued
    /// again.
    /// </summary>
    private void RemoveJobsThatNobodyTakes()
    {
        using var connection = Connect();
        var queues = JobQueues.Of(node.Value);
        var others = $"Queue NOT IN ({string.Join(", ", queues.Select(_ => "?"))})";
        connection.RunInTransaction(() =>
        {
            foreach (var rows in (string[])["State WHERE JobId", "JobParameter WHERE JobId", "Job WHERE Id"])
                connection.Execute($"DELETE FROM {rows} IN (SELECT JobId FROM JobQueue WHERE {others})", queues);
            connection.Execute($"DELETE FROM JobQueue WHERE {others}", queues);
        });
    }

    private void SetAside(string problem)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var aside = $"{data.Jobs}.{stamp}.damaged";
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            if (File.Exists(data.Jobs + suffix))
                File.Move(data.Jobs + suffix, aside + suffix, overwrite: true);
        }

        data.CreateJobs();
        logger.LogWarning(
            "jobs.db cannot be used ({Problem}). It was set aside as {Name} and replaced; all due work is enqueued again",
            problem, Path.GetFileName(aside));
    }

    /// <summary>A row without columns.</summary>
    private sealed class Nothing
    {
        public int Id { get; set; }
    }
}
