using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>How long attempts, entries, mails and alerts stay.</summary>
public class RecordRetentionTests(RecordRetentionTests.ShortMemory household)
    : IClassFixture<RecordRetentionTests.ShortMemory>, IAsyncLifetime
{
    private const int MaxRecords = 1_000;
    private readonly SentinelCamApp _app = household.App;

    private DateTimeOffset Old => household.Clock.GetUtcNow() - TimeSpan.FromDays(31);

    private DateTimeOffset Young => household.Clock.GetUtcNow() - TimeSpan.FromDays(29);

    /// <summary>Removes what the test before left.</summary>
    public async ValueTask InitializeAsync()
    {
        await _app.ReadAsync(db => db.Deliveries.ExecuteDeleteAsync());
        await _app.ReadAsync(db => db.ImageLog.ExecuteDeleteAsync());
        await _app.ReadAsync(db => db.LoginAttempts.ExecuteDeleteAsync());
        await _app.ReadAsync(db => db.Alerts.ExecuteDeleteAsync());
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Records_beyond_the_age_are_removed_with_all_that_belongs_to_them()
    {
        var (old, young) = (await AddAsync(Old), await AddAsync(Young));
        var lone = await AddAsync(Old);
        await _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == lone.Entry).ExecuteDeleteAsync());
        var manual = await SaveAsync(
            new ImageLogEntry { Trigger = CaptureTrigger.Manual, At = Old, CaptureState = CaptureState.Failed });
        var notice = await SaveAsync(OldRecords.NewMail(null, null, Old, DeliveryState.Failed));
        var youngNotice = await SaveAsync(OldRecords.NewMail(null, null, Young));

        await RunAsync();

        Assert.Equal((0, 0, 0, 0), await LeftAsync(old));
        Assert.Equal((1, 1, 1, 1), await LeftAsync(young));
        Assert.Equal((0, 0, 0, 0), await LeftAsync(lone));
        Assert.False(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == manual.Id)));
        Assert.False(await _app.ReadAsync(db => db.Deliveries.AnyAsync(d => d.Id == notice.Id)));
        Assert.True(await _app.ReadAsync(db => db.Deliveries.AnyAsync(d => d.Id == youngNotice.Id)));
        Assert.Empty(await _app.ReadAsync(db => db.FindFaultsAsync()));
    }

    [Trait("Database", "Both")]
    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Records_of_a_picture_stay_as_long_as_it_does_and_the_others_of_its_alert_go()
    {
        var kept = await AddAsync(Old);
        var pinned = await PinAsync(kept.Entry);
        var other = await SaveAsync(OldRecords.NewEntry(await AlertAsync(kept.Alert), Old));

        await RunAsync();

        Assert.Equal((1, 1, 1, 1), await LeftAsync(kept));
        Assert.False(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == other.Id)));
        Assert.False(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.Id == other.LoginAttemptId)));

        await _app.ReadAsync(db => db.Snapshots.Where(s => s.Id == pinned).ExecuteDeleteAsync());
        await RunAsync();

        Assert.Equal((0, 0, 0, 0), await LeftAsync(kept));
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Lines_of_activity_beyond_the_age_are_removed_and_those_of_the_busiest_account_beyond_the_limit()
    {
        const long Quiet = 1_001, Busy = 1_002;
        await AddLinesAsync(Quiet, Old, 3);
        await AddLinesAsync(Quiet, Young, 3);
        await AddLinesAsync(Busy, Young, MaxRecords + 50);

        await RunAsync();

        Assert.Equal(3, await _app.ReadAsync(db => db.Activity.CountAsync(a => a.AccountId == Quiet)));
        Assert.Equal(MaxRecords, await _app.ReadAsync(db => db.Activity.CountAsync()));
        // On PostgreSQL the index belongs to the table
        var (lines, indexed) = await _app.ReadAsync(async db => (await db.Activity.CountAsync(),
            db.Dialect.IsFile ? await CountAsync(db, "ActivitySearch") : MaxRecords));
        Assert.Equal(lines, indexed);
        Assert.Equal(0, await _app.ReadAsync(db => CountAsync(db, "ActivityRemovals")));

        static Task<int> CountAsync(SentinelCamDbContext db, string table)
        {
            var sql = $"SELECT CAST(COUNT(*) AS integer) AS \"Value\" FROM \"{table}\"";
            return db.Database.SqlQueryRaw<int>(sql).SingleAsync();
        }

        Task<int> AddLinesAsync(long account, DateTimeOffset at, int count) => _app.ReadAsync(async db =>
        {
            db.AddRange(Enumerable.Range(0, count).Select(_ => new AccountActivity
            {
                At = at,
                AccountId = account,
                Kind = ActivityKind.SignedIn,
                Detail = "pwd",
                RemoteAddress = "203.0.113.9",
                Browser = "Old/1.0",
            }));
            return await db.SaveChangesAsync();
        });
    }

    [Trait("Database", "Both")]
    [Theory]
    [InlineData(DeliveryState.Waiting, false)]
    [InlineData(DeliveryState.Sending, false)]
    [InlineData(DeliveryState.Accepted, true)]
    public async Task Records_about_which_something_is_to_be_done_stay(DeliveryState mail, bool alertIsOpen)
    {
        // Closed in a year, so that no job of the app does it
        var alert = await SaveAsync(OldRecords.NewAlert(null, Old, alertIsOpen), a => a.ClosesAt = a.OpenedAt.AddYears(1));
        var entry = await SaveAsync(OldRecords.NewEntry(alert, Old));
        var delivery = await SaveAsync(OldRecords.NewMail(alert.Id, entry.Id, Old, mail));
        var records = (alert.Id, entry.Id, entry.LoginAttemptId!.Value, delivery.Id);

        await RunAsync();

        Assert.Equal((1, 1, 1, 1), await LeftAsync(records));
        await _app.ReadAsync(db => db.Alerts.Where(a => a.Id == alert.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, Old)));
        await _app.ReadAsync(db => db.Deliveries.Where(d => d.Id == delivery.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Failed)));
        await RunAsync();
        Assert.Equal((0, 0, 0, 0), await LeftAsync(records));
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Age_of_an_entry_from_a_wrong_clock_counts_from_its_true_time()
    {
        var records = await AddAsync(DateTimeOffset.UnixEpoch.AddHours(1));
        var wrongBy = (long)(Young - DateTimeOffset.UnixEpoch).TotalSeconds;
        await _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == records.Entry)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.ClockErrorSeconds, wrongBy)));

        await RunAsync();

        Assert.True(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == records.Entry)));
        Assert.True(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.Id == records.Attempt)));
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Beyond_the_limit_of_rows_owners_with_the_most_lose_their_oldest()
    {
        var bob = await _app.ReadAsync(db => db.Users.Where(a => a.Email == Household.Bobs).Select(a => a.Id).SingleAsync());
        var eve = await _app.ReadAsync(db => db.Users.Where(a => a.Email == Household.Eves).Select(a => a.Id).SingleAsync());
        await AddBurstsAsync(eve, Young, 1, 60);
        await AddBurstsAsync(bob, Young.AddDays(1), 4, 300);
        var now = household.Clock.GetUtcNow();
        await AddBurstsAsync(bob, now.AddMinutes(-90), 1, 50);
        var bobs = await _app.ReadAsync(db => db.ImageLog.Where(e => e.OwnerId == bob).OrderBy(e => e.Id)
            .Select(e => e.Id).ToListAsync());
        var days = await DaysAsync(bob);

        await RunAsync();

        Assert.Equal(60, await _app.ReadAsync(db => db.ImageLog.CountAsync(e => e.OwnerId == eve)));
        Assert.Equal(bobs.TakeLast(MaxRecords - 60), await _app.ReadAsync(
            db => db.ImageLog.Where(e => e.OwnerId == bob).OrderBy(e => e.Id).Select(e => e.Id).ToListAsync()));
        Assert.Equal(await _app.ReadAsync(db => db.ImageLog.CountAsync(e => e.OwnerId == bob)),
            await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.OwnerId == bob)));
        // The chart still shows them
        Assert.Equal(days, await DaysAsync(bob));
        Assert.Empty(await _app.ReadAsync(db => db.FindFaultsAsync()));
        household.Clock.Sleep(TimeSpan.FromDays(40));
        await RunAsync();
        Assert.Equal(0, await DaysAsync(bob));
        Assert.Equal(0, await _app.ReadAsync(async db => await db.LoginAttempts.CountAsync() + await db.Alerts.CountAsync()));
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Rows_of_the_last_two_hours_stay_however_many_there_are()
    {
        var eve = await _app.ReadAsync(db => db.Users.Where(a => a.Email == Household.Eves).Select(a => a.Id).SingleAsync());
        await AddBurstsAsync(eve, household.Clock.GetUtcNow().AddMinutes(-90), 1, MaxRecords + 100);

        await RunAsync();

        Assert.Equal(MaxRecords + 100, await _app.ReadAsync(db => db.ImageLog.CountAsync(e => e.OwnerId == eve)));
        household.Clock.Sleep(TimeSpan.FromHours(1));
        await RunAsync();
        Assert.Equal(MaxRecords, await _app.ReadAsync(db => db.ImageLog.CountAsync(e => e.OwnerId == eve)));
    }

    [Theory]
    [InlineData(100, "10 20 30", long.MaxValue)]
    [InlineData(100, "10 20 500", 70)]
    [InlineData(100, "500 10 500", 45)]
    [InlineData(100, "500 500 500 500", 25)]
    [InlineData(100, "", long.MaxValue)]
    public void Owners_with_few_rows_keep_them_and_the_others_share_the_rest(long limit, string counts, long share) =>
        Assert.Equal(share, RecordRetention.ShareOf(
            counts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => long.Parse(c, CultureInfo.InvariantCulture)),
            limit));

    [Fact]
    public async Task Free_pages_are_given_back_to_the_disk()
    {
        await AddBurstsAsync(null, Old, 10, 300);
        await CheckpointAsync();
        var file = Path.Combine(_app.DataDirectory, "sentinelcam.db");
        var before = new FileInfo(file).Length;

        await RunAsync();

        await CheckpointAsync();
        Assert.InRange(new FileInfo(file).Length, 0, before - (400 << 10));
        Assert.InRange(await _app.ReadAsync(db => db.CountFreePagesAsync()), 0, 256);
        Assert.Empty(await _app.ReadAsync(db => db.FindFaultsAsync()));
    }

    private Task<int> CheckpointAsync() =>
        _app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)"));

    private Task<long> DaysAsync(long owner) => _app.ReadAsync(db => db.Database
        .SqlQuery<long>($"""
            SELECT CAST(COALESCE(SUM("Attempts"), 0) AS bigint) AS "Value" FROM "AttemptDays" WHERE "OwnerId" = {owner}
            """).SingleAsync());

    private async Task AddBurstsAsync(long? owner, DateTimeOffset from, int alerts, int entriesOfEach) =>
        await _app.ReadAsync(async db =>
        {
            await db.AddBurstsAsync(owner, from, alerts, entriesOfEach);
            return 0;
        });

    /// <summary>An alert with one entry and its mail.</summary>
    private async Task<(long Alert, long Entry, long Attempt, long Mail)> AddAsync(DateTimeOffset at)
    {
        var alert = await SaveAsync(OldRecords.NewAlert(null, at));
        var entry = await SaveAsync(OldRecords.NewEntry(alert, at));
        var mail = await SaveAsync(OldRecords.NewMail(alert.Id, entry.Id, at));
        return (alert.Id, entry.Id, entry.LoginAttemptId!.Value, mail.Id);
    }

    private Task<Alert> AlertAsync(long id) => _app.ReadAsync(db => db.Alerts.AsNoTracking().SingleAsync(a => a.Id == id));

    private async Task<long> PinAsync(long entry)
    {
        var snapshot = _app.Pictures.Save(new Frame(new byte[100], 640, 480, Old, FrameQuality.Good), "cam");
        (snapshot.EntryId, snapshot.Pinned) = (entry, true);
        return (await SaveAsync(snapshot)).Id;
    }

    private Task<T> SaveAsync<T>(T row, Action<T>? change = null) where T : class => _app.ReadAsync(async db =>
    {
        change?.Invoke(row);
        db.Add(row);
        await db.SaveChangesAsync();
        return row;
    });

    /// <summary>How many of the rows are left.</summary>
    private Task<(int Alerts, int Entries, int Attempts, int Mails)> LeftAsync(
        (long Alert, long Entry, long Attempt, long Mail) of) => _app.ReadAsync(async db => (
            await db.Alerts.CountAsync(a => a.Id == of.Alert), await db.ImageLog.CountAsync(e => e.Id == of.Entry),
            await db.LoginAttempts.CountAsync(a => a.Id == of.Attempt), await db.Deliveries.CountAsync(d => d.Id == of.Mail)));

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task RunAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<RecordRetention>().RunAsync(TestContext.Current.CancellationToken);
    }

    public sealed class ShortMemory : Household
    {
        protected override (string Key, string? Value)[] Settings =>
            [("Retention:Records", "30.00:00:00"), ("Retention:MaxRecords", $"{MaxRecords}")];
    }
}
