using Hangfire.Server;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Sleeps until the next delayed job is due and then lets Hangfire's own scheduler move it, which by itself would
/// look only every 15 s.
/// </summary>
internal sealed class DueJobs : IBackgroundProcess
{
    public const string Schedule = "schedule";

    // Bounds the harm of a clock that is set while the process sleeps
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private readonly SqliteJobStorage _storage;
    private readonly DelayedJobScheduler _scheduler;

    public DueJobs(SqliteJobStorage storage, SqliteJobStorageOptions options)
    {
        _storage = storage;
        _scheduler = options.StateChanger is { } changer
            ? new DelayedJobScheduler(TimeSpan.Zero, changer)
            : new DelayedJobScheduler(TimeSpan.Zero);
    }

    /// <summary>
    /// Hangfire asks for scores up to the whole second that has begun. Here they are exact, so what is due is
    /// decided by the clock: no job starts up to a second early, or late.
    /// </summary>
    public static double ExactLimit(double limit, DateTimeOffset now) =>
        Math.Floor(limit) == limit ? Math.Max(limit, Math.Min(ToScore(now), limit + 1 - 1e-6)) : limit;

    public void Execute(BackgroundProcessContext context)
    {
        _storage.ScheduleChanged.Reset();
        var now = _storage.UtcNow;
        var due = _storage.Database.Read(session => session.Scalar<double?>(Sql.NextDue));

        if (due is null || due > ToScore(now))
        {
            var seconds = due - ToScore(now) ?? LongestSleep.TotalSeconds;
            var sleep = TimeSpan.FromSeconds(Math.Min(seconds, LongestSleep.TotalSeconds));
            using var timer = _storage.TimeProvider.CreateTimer(
                _ => _storage.ScheduleChanged.Set(), null, sleep, Timeout.InfiniteTimeSpan);
            _storage.ScheduleChanged.Wait(context.StoppingToken);
            return;
        }

        _scheduler.Execute(context);
    }

    public override string ToString() => "SqliteJobStorage.DueJobs";

    private static double ToScore(DateTimeOffset time) => time.ToStored() / (double)TimeSpan.TicksPerSecond;
}
