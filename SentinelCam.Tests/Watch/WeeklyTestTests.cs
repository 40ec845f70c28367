using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Watch;

/// <summary>The weekly test: a picture and a mail.</summary>
[Trait("Database", "Both")]
public class WeeklyTestTests
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Mail_says_every_week_that_all_is_well_and_a_restart_repeats_none()
    {
        var camera = new SteadyCamera(_clock);
        await using var app = await StartAsync(camera);
        (await app.RegisterAnnAsync()).Dispose();
        await app.LookAsync(_clock, 1);
        await app.FailAndCaptureAsync(_clock);
        await app.FailAndCaptureAsync(_clock);
        await app.SleepAsync(_clock, TimeSpan.FromDays(0.95));
        await WaitForMailsAsync(app, 1);
        Assert.InRange((await AllAsync(app)).Single().CreatedAt - TestClock.Noon, TimeSpan.FromDays(1), TimeSpan.FromDays(1.1));

        await using var again = await app.StartAgainAsync(_clock, WatchedApp.With(camera), WatchedApp.Settings());
        await again.SleepAsync(_clock, TimeSpan.FromDays(6.95));
        await again.LookAsync(_clock, 2);
        Assert.Single(await AllAsync(again));
        await WaitForMailsAsync(again, 2);

        var mails = await AllAsync(again);
        Assert.InRange(mails[1].CreatedAt - mails[0].CreatedAt, TimeSpan.FromDays(7), TimeSpan.FromDays(7.1));
        var mail = again.Mails().Where(m => m.Subject == "All is well (front door)").MinBy(m => m.Date)!;
        // Two pictures and the alert's mail
        Assert.Equal(
            "All is well: the camera took a picture, and this email reached you. In the last seven days: 2 failed sign-ins, "
                + "2 pictures, 2 emails.",
            mail.PlainOnOneLine().Trim());
        Assert.Empty(mail.Attachments);
        Assert.Empty(await again.NoticesAsync());
    }

    [Fact]
    public async Task Failed_test_raises_a_banner_and_is_tried_again_every_day()
    {
        // Not looked at in between
        var camera = new SteadyCamera(_clock) { Quality = FrameQuality.Black };
        await using var app = await StartAsync(camera, ("Watch:Look", "00:00:00"));
        (await app.RegisterAnnAsync()).Dispose();
        await app.LookAsync(_clock, 1);
        await app.SleepAsync(_clock, TimeSpan.FromDays(1));
        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.SelfTest);
        Assert.Contains("The picture is black.", trouble!.Problem, StringComparison.Ordinal);
        using var later = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Contains("The weekly test failed since", await later.BannerAsync(), StringComparison.Ordinal);

        for (var day = 2; day <= 4; day++)
        {
            var dueAt = await DueAtAsync();
            await app.SleepAsync(_clock, TimeSpan.FromDays(0.9));
            await app.LookAsync(_clock, 1);
            Assert.Equal(dueAt, await DueAtAsync());
            await app.SleepAsync(_clock, TimeSpan.FromDays(0.1));
            await app.LookAsync(_clock, 2);
            Assert.InRange(await DueAtAsync() - dueAt, TimeSpan.FromDays(1), TimeSpan.FromDays(1.1));
        }

        Assert.Single(await app.NoticesAsync(), "The weekly test failed");
        Assert.Empty(await AllAsync(app));

        camera.Quality = FrameQuality.Good;
        await app.SleepAsync(_clock, TimeSpan.FromDays(1));
        await WaitForMailsAsync(app, 1);
        await app.WaitForOverAsync(_clock, TroubleKind.SelfTest);
        Assert.Single(await app.NoticesAsync(), "The weekly test failed");

        Task<DateTimeOffset> DueAtAsync() => app.ReadAsync(db => db.SelfTests.Select(t => t.DueAt).SingleAsync());
    }

    [Fact]
    public async Task Mail_of_a_test_that_is_not_accepted_within_an_hour_is_withdrawn_and_the_test_has_failed()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 closed for now");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(new SteadyCamera(_clock), server.Settings);
        (await app.RegisterAnnAsync()).Dispose();
        await app.LookAsync(_clock, 1);
        await app.SleepAsync(_clock, TimeSpan.FromDays(1));
        await app.LookUntilAsync(_clock, db => db.Deliveries.CountAsync(d => d.Kind == MailKind.SelfTest), mails => mails == 1);
        // The hour must not pass before the first try
        await Eventually.TrueAsync(
            async () => (await AllAsync(app)).TrueForAll(mail => mail.LastReply == "421 4.3.2 closed for now"), app.Log);

        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.SelfTest);

        // With the server's last reply, or that a later try was interrupted by this clock
        Assert.Matches("^The email was not accepted. (421 4.3.2 closed for now|The last try was inter)", trouble!.Problem);
        Assert.Empty(await AllAsync(app));
        script.Reply(SmtpStage.Greeting, "220 localhost back again");
        await app.SleepAsync(_clock, TimeSpan.FromDays(0.95));
        await WaitForMailsAsync(app, 1);
        await app.WaitForOverAsync(_clock, TroubleKind.SelfTest);
        Assert.Single(server.Mails, mail => mail.Subject == "All is well (front door)");
    }

    [Fact]
    public async Task Mail_is_withdrawn_only_together_with_the_note_that_the_test_failed()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 closed for now");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(new SteadyCamera(_clock), server.Settings);
        (await app.RegisterAnnAsync()).Dispose();
        await app.LookAsync(_clock, 1);
        await app.SleepAsync(_clock, TimeSpan.FromDays(1));
        await app.LookUntilAsync(_clock, db => db.Deliveries.CountAsync(d => d.Kind == MailKind.SelfTest), mails => mails == 1);
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(db.Dialect.IsFile
            ? "CREATE TRIGGER Full BEFORE INSERT ON Troubles WHEN NEW.Kind = 'SelfTest' BEGIN SELECT RAISE(ABORT, 'full'); END"
            : """ALTER TABLE "Troubles" ADD CONSTRAINT "Full" CHECK ("Kind" <> 'SelfTest')"""));

        await app.SleepAsync(_clock, TimeSpan.FromHours(2));
        await app.LookAsync(_clock);

        Assert.Single(await AllAsync(app));
        Assert.Contains("could not look after itself", app.Log(), StringComparison.Ordinal);
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(db.Dialect.IsFile
            ? "DROP TRIGGER Full" : """ALTER TABLE "Troubles" DROP CONSTRAINT "Full" """));
        await app.WaitForToldAsync(_clock, TroubleKind.SelfTest);
    }

    private static async Task WaitForMailsAsync(SentinelCamApp app, FakeTimeProvider clock, int count)
    {
        var mails = (SentinelCamDbContext db) => db.Deliveries.Where(d => d.Kind == MailKind.SelfTest);
        await app.LookUntilAsync(clock, db => mails(db).CountAsync(), written => written == count);
        // In small steps: a mail that is not accepted within an hour of this clock is withdrawn, and one is tried again later
        await Eventually.TrueAsync(
            () => app.ReadAsync(db => mails(db).AllAsync(d => d.State == DeliveryState.Accepted)), app.Log,
            meanwhile: () => clock.Advance(TimeSpan.FromSeconds(1)), patience: TimeSpan.FromMinutes(1));
    }

    private static Task<List<Delivery>> AllAsync(SentinelCamApp app) =>
        app.ReadAsync(db =>
            db.Deliveries.AsNoTracking().Where(d => d.Kind == MailKind.SelfTest).OrderBy(d => d.Id).ToListAsync());

    private Task WaitForMailsAsync(SentinelCamApp app, int count) => WaitForMailsAsync(app, _clock, count);

    private Task<SentinelCamApp> StartAsync(SteadyCamera camera, params (string Key, string? Value)[] settings) =>
        SentinelCamApp.StartAsync(_clock, WatchedApp.With(camera), WatchedApp.Settings(settings));
}
