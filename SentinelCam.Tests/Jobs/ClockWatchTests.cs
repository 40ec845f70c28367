using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The clock is set while the app runs, as on a device without a battery.</summary>
[Trait("Database", "Both")]
public class ClockWatchTests
{
    private static readonly DateTimeOffset Boot = new(1970, 1, 1, 0, 5, 0, TimeSpan.Zero);

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task After_a_boot_in_1970_the_picture_stays_and_its_entry_says_that_the_clock_was_wrong()
    {
        var clock = new FakeTimeProvider(Boot);
        using var port = new ClosedPort();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, SmtpSettings.For(port.Number));
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();
        var before = await app.ReadAsync(db => db.Deliveries.SingleAsync());

        clock.AdjustTime(TestClock.Noon);
        await RunRetentionAsync(app);

        Assert.True(await IsKeptAsync(app));
        using var ann = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        var log = (await ann.GetAsync("/userdata")).Main;
        Assert.Contains("This device's clock was wrong then and was set later. The true time was about 1 Jan 2030", log,
            StringComparison.Ordinal);
        var mail = await app.ReadAsync(db => db.Deliveries.SingleAsync(d => d.Id == before.Id));
        Assert.Equal(DeliveryState.Waiting, mail.State);
        Assert.Equal(2030, mail.CreatedAt.Year);
        Assert.Contains("The clock was set", app.Log(), StringComparison.Ordinal);

        // The picture ages from then on, and stays as long as its mail waits
        clock.Sleep(TimeSpan.FromDays(100));
        await RunRetentionAsync(app);
        Assert.True(await IsKeptAsync(app));
        await app.ReadAsync(db => db.Deliveries.ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Accepted)));
        await app.ReadAsync(db => db.Alerts.ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, clock.GetUtcNow())));
        await RunRetentionAsync(app);
        Assert.False(await IsKeptAsync(app));
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Age_counts_from_the_setting_of_the_clock()
    {
        var clock = new FakeTimeProvider(Boot);
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        await app.ReadAsync(db => db.Alerts.ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, clock.GetUtcNow())));
        var mail = Assert.Single(Directory.GetFiles(Path.Combine(app.DataDirectory, "outbox")));
        File.SetLastWriteTimeUtc(mail, Boot.UtcDateTime);

        clock.AdjustTime(TestClock.Noon);
        await RunRetentionAsync(app);
        clock.Sleep(TimeSpan.FromDays(89));
        await RunRetentionAsync(app);
        Assert.True(await IsKeptAsync(app));
        Assert.True(File.Exists(mail));

        clock.Sleep(TimeSpan.FromDays(2));
        await RunRetentionAsync(app);
        Assert.False(await IsKeptAsync(app));
        Assert.False(File.Exists(mail));
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Records_of_a_run_that_ended_before_the_clock_was_set_age_from_the_next_start()
    {
        using var port = new ClosedPort();
        await using var app = await SentinelCamApp.StartAsync(
            new FakeTimeProvider(Boot), Household.CheapPasswords, SmtpSettings.For(port.Number));
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();

        var clock = TestClock.AtNoon();
        await using var again = await app.StartAgainAsync(clock, Household.CheapPasswords);

        // The mail leaves with its picture, dated by the right clock
        await again.WaitForAcceptedAsync(1);
        var mail = await MimeMessage.LoadAsync(
            Assert.Single(Directory.GetFiles(Path.Combine(again.DataDirectory, "outbox"), "*.eml")),
            TestContext.Current.CancellationToken);
        Assert.Equal(2030, mail.Date.Year);
        Assert.NotEmpty(mail.Attachments);
        Assert.NotNull(await again.ReadAsync(db => db.ImageLog.Select(e => e.ClockErrorSeconds).SingleAsync()));
        await RunRetentionAsync(again);
        Assert.True(await IsKeptAsync(again));
        Assert.Contains("clock was wrong then", mail.TextBody!.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "during some of these attempts and was set later. The true time was about Tuesday, 1 January 2030 at "
        + "14:00:00")]
    [InlineData(2, "during some of these attempts and was set later. Their true times were from about Tuesday, 1 January 2030 at "
        + "14:00:00 (UTC) to about Tuesday, 1 January 2030 at 14:02:00")]
    [InlineData(3, "then and was set later. Their true times were from about Tuesday, 1 January 2030 at 14:00:00 (UTC) to about "
        + "Tuesday, 1 January 2030 at 14:04:00")]
    [InlineData(0, null)]
    public async Task Summary_says_that_the_clock_was_wrong_and_what_the_true_times_were(int wrong, string? words)
    {
        var clock = TestClock.AtNoon();
        await using var app = await AnnsApp.StartAsync(clock);
        for (var number = 1; number <= 3; number++)
        {
            await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
            await app.WaitForCapturesAsync();
            clock.Advance(TimeSpan.FromMinutes(2));
        }

        // As if the clock had then been two hours slow
        await app.ReadAsync(db => db.ImageLog.Where(e => e.Id <= wrong)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.ClockErrorSeconds, 7200)));
        clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);

        var summary = app.Mails().Single(mail => mail.Subject!.Contains("in all", StringComparison.Ordinal)).PlainOnOneLine();
        if (words is null)
            Assert.DoesNotContain("clock", summary, StringComparison.Ordinal);
        else
            Assert.Contains($"This device's clock was wrong {words} (UTC).", summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_slept_has_a_right_clock()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();

        clock.Sleep(TimeSpan.FromDays(30));
        await RunRetentionAsync(app);

        Assert.Null(await app.ReadAsync(db => db.ImageLog.Select(e => e.ClockErrorSeconds).SingleAsync()));
        Assert.Null(await app.ReadAsync(db => db.Snapshots.Where(s => s.EntryId != null).Select(s => s.AgesFrom).SingleAsync()));
    }

    [Fact]
    public async Task Real_processes_notice_that_their_clock_is_set()
    {
        // Side by side, because each looks at its clock once a minute. A clock without a battery that continues where the
        // machine was turned off is wrong by days, not by decades.
        await Task.WhenAll(
            NoticesAsync(begin: FakedClock.From(DateTimeOffset.UnixEpoch.AddMinutes(5)), jump: "+0"),
            NoticesAsync(begin: "+0", jump: "+100d"),
            NoticesAsync(begin: "+0", jump: "-100d"));
    }

    private static async Task NoticesAsync(string begin, string jump)
    {
        Assert.SkipUnless(FakedClock.Library is not null, "libfaketime is not installed");
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        using var port = new ClosedPort();
        var clock = new FakedClock(directory);
        await clock.SetAsync(begin);
        await using (var app = SentinelCamProcess.Start(
            Path.Combine(directory, "data"), [.. SmtpSettings.For(port.Number), .. clock.Settings]))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            await ann.SignOutAsync();
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
            await Eventually.TrueAsync(() => app.Said.Contains("snapshot 1 taken", StringComparison.Ordinal), () => app.Said);

            await clock.SetAsync(jump);
            await Eventually.TrueAsync(() => app.Said.Contains("The clock was set by", StringComparison.Ordinal), () => app.Said,
                patience: TimeSpan.FromMinutes(2));

            await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            Assert.Contains("clock was wrong then", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
            var snapshots = Path.Combine(directory, "data", "snapshots");
            Assert.NotEmpty(Directory.GetFiles(snapshots, "*.jpg", SearchOption.AllDirectories));
        }

        Directory.Delete(directory, recursive: true);
    }

    private static async Task RunRetentionAsync(SentinelCamApp app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider)
            .RunAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<bool> IsKeptAsync(SentinelCamApp app)
    {
        var name = await app.ReadAsync(db =>
            db.Snapshots.Where(s => s.EntryId != null).Select(s => s.FileName).SingleOrDefaultAsync());
        return name is not null && File.Exists(app.Pictures.PathOf(name));
    }
}
