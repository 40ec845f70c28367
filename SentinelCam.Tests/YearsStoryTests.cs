using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>
/// Weeks pass on a fake clock. <c>YearsBenchmarks</c> in the folder of the benchmarks is the same for three years.
/// </summary>
[Trait("Database", "Both")]
public sealed class YearsStoryTests : IDisposable
{
    private const int Days = 28, AttemptsOfEachDay = 100, RecordDays = 14, PictureDays = 7;

    private readonly string _backups = Directory.CreateTempSubdirectory("sentinelcam-backups-").FullName;

    [Fact]
    public async Task Weeks_of_attempts_leave_what_the_limits_allow_and_no_more()
    {
        var clock = TestClock.AtNoon();
        // The program backs up SQLite only
        var backups = PostgresServer.IsDefault ? 0 : 2;
        (string, string?)[] keep = backups == 0 ? [] : [("Backup:Folder", _backups), ("Backup:Keep", $"{backups}")];
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords,
            [("Retention:MaxAge", $"{PictureDays}.00:00:00"), ("Retention:Records", $"{RecordDays}.00:00:00"), .. keep]);
        (await app.RegisterAnnAsync()).Dispose();
        var years = new YearsOfUse(clock, app, owner: 1);

        await years.LiveAsync(Days, AttemptsOfEachDay);

        var now = clock.GetUtcNow();
        Assert.Equal(RecordDays * AttemptsOfEachDay, await app.ReadAsync(db => db.LoginAttempts.SumAsync(a => a.Count)));
        Assert.Equal(
            await app.ReadAsync(db => db.ImageLog.CountAsync()), await app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        await AssertOldestAsync(RecordDays, db => db.Alerts.Select(a => a.OpenedAt));
        await AssertOldestAsync(RecordDays, db => db.Deliveries.Select(d => d.QueuedAt));
        await AssertOldestAsync(PictureDays, db => db.Snapshots.Select(s => s.TakenAt));
        Assert.Equal(backups, Directory.GetFiles(_backups).Length);
        // The days' numbers go with their whole day
        Assert.InRange(await app.ReadAsync(
            db => db.Database.SqlQueryRaw<long>(
                """SELECT CAST(SUM("Attempts") AS bigint) AS "Value" FROM "AttemptDays" """).SingleAsync()),
            RecordDays * AttemptsOfEachDay, (RecordDays + 1) * AttemptsOfEachDay);
        Assert.Empty(await app.ReadAsync(db => db.FindFaultsAsync()));
        // Pictures without rows go as well
        Assert.Equal(await app.ReadAsync(db => db.Snapshots.CountAsync()), await app.CountPicturesAsync());

        async Task AssertOldestAsync(int days, Func<SentinelCamDbContext, IQueryable<DateTimeOffset>> times)
        {
            var oldest = await app.ReadAsync(db => times(db).OrderBy(time => time).FirstAsync());
            Assert.Equal(now.AddDays(-days), oldest, TimeSpan.FromDays(1));
        }
    }

    public void Dispose() => Directory.Delete(_backups, recursive: true);
}
