using Hangfire.States;

namespace SentinelCam.HangfireSqlite;

/// <summary>How a <see cref="SqliteJobStorage"/> behaves. The defaults suit one server with one or two processes.</summary>
public sealed class SqliteJobStorageOptions
{
    /// <summary>
    /// How old the last heartbeat of a running job may be before the job is given to another worker, provided that
    /// its process is dead. The heartbeat is renewed four times in that time. 20 s.
    /// </summary>
    public TimeSpan FetchedJobTimeout { get; set => field = Positive(value); } = TimeSpan.FromSeconds(20);

    /// <summary>How often the commits of other processes are looked for while a worker waits. 200 ms.</summary>
    public TimeSpan ChangeCheckInterval { get; set => field = Positive(value); } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often expired jobs, counters, sets, hashes and lists are removed. 1 minute.</summary>
    public TimeSpan ExpirationCheckInterval { get; set => field = Positive(value); } = TimeSpan.FromMinutes(1);

    /// <summary>How long a commit waits for the commits of other processes before it fails. 30 s.</summary>
    public TimeSpan BusyTimeout { get; set => field = Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>After a file could not be opened, how long operations fail at once before it is tried again. 5 s.</summary>
    public TimeSpan ReopenInterval { get; set => field = Positive(value); } = TimeSpan.FromSeconds(5);

    /// <summary>Moves delayed jobs whose time has come; Hangfire's own with its global filters when null.</summary>
    public IBackgroundJobStateChanger? StateChanger { get; set; }

    /// <summary>The clock and the timers of the storage.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Limits the file to so many pages of 1 KiB, which is how the tests fill a disk.</summary>
    internal int? MaxPages { get; set; }

    private static TimeSpan Positive(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        return value;
    }
}
