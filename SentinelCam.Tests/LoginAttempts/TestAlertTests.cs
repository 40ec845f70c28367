using System.IO.Compression;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>"Send me a test alert".</summary>
public sealed class TestAlertTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Test_is_recorded_photographed_and_mailed_and_its_sender_sees_that()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account =>
        {
            // A test comes whatever is set for failures
            (account.AlertFrom, account.PausedUntil) = (5, _clock.GetUtcNow().AddDays(1));
        });
        using var ann = await app.VisitAsAsync(Anns);

        var started = await ann.SubmitAsync("/test_alert", new { });
        Assert.StartsWith("/test_alert?id=", started.PathAndQuery, StringComparison.Ordinal);
        Assert.Contains("Recorded", started.Main, StringComparison.Ordinal);
        await app.WaitForAcceptedAsync(1);

        var done = await ann.GetAsync(started.PathAndQuery);
        Assert.Contains("Photographed", done.Main, StringComparison.Ordinal);
        Assert.Contains($"Email to {Anns} written to the outbox at ", done.Main, StringComparison.Ordinal);
        Assert.Null(done.Document.QuerySelector("meta[http-equiv=refresh]"));
        var mail = Assert.Single(app.Mails());
        Assert.Equal("Test: Failed sign-in to ann@example.org on front door", mail.Subject);
        Assert.Contains("test, nobody tried to sign in", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Single(mail.Attachments);
    }

    [Fact]
    public async Task Test_is_marked_in_the_log_and_in_the_export()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var ann = await app.VisitAsAsync(Anns);
        await ann.SubmitAsync("/test_alert", new { });
        await app.WaitForAcceptedAsync(1);

        var entry = (await ann.GetAsync("/userdata?Trigger=Test")).Document.QuerySelector(".entry")!;
        Assert.Contains("Test alert", entry.TextContent, StringComparison.Ordinal);
        Assert.True(await app.ReadAsync(db => db.Alerts.Select(a => a.IsTest).SingleAsync()));
        var export = await ann.GetAsync("/userdata?handler=Export");
        await using var zip = new ZipArchive(new MemoryStream(export.Body));
        using var table = new StreamReader(zip.GetEntry("image-log.csv")!.Open());
        var line = (await table.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n')[1];
        Assert.Contains("\"Test\",\"ann@example.org\"", line, StringComparison.Ordinal);
        Assert.Contains("\"Test\",\"Accepted\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tests_lock_nobody_and_are_counted_nowhere()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var ann = await app.VisitAsAsync(Anns);
        for (var i = 1; i <= 6; i++)
        {
            await ann.SubmitAsync("/test_alert", new { });
            await app.WaitForAcceptedAsync(i);
            _clock.Advance(TestAlerts.Spacing);
        }

        Assert.Equal(0, await app.ReadAsync(db => db.Users.Select(a => a.AccessFailedCount).SingleAsync()));
        using var again = await app.VisitAsAsync(Anns);
        // Six failures before a success would be mailed
        Assert.Equal(6, await app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        var page = await again.GetAsync("/dashboard");
        Assert.Empty(page.Document.QuerySelectorAll("#chart rect"));
        Assert.Equal(0, (await CountedAsync(app)).Alerts);

        // A real failure opens an alert of its own, and its mail does not mention the tests
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(7);
        Assert.Equal(1, (await CountedAsync(app)).Alerts);
        Assert.Equal(7, await app.ReadAsync(db => db.Alerts.CountAsync()));
        Assert.Equal("Failed sign-in to ann@example.org on front door", app.Mails()[^1].Subject);
        _clock.AdvanceMinutes(8);
        await app.WaitForClosedAlertsAsync();
        Assert.Equal(7, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task An_owner_has_one_test_a_minute()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var ann = await app.VisitAsAsync(Anns);
        await ann.SubmitAsync("/test_alert", new { });

        var soon = await ann.SubmitAsync("/test_alert", new { });
        Assert.Equal(HttpStatusCode.TooManyRequests, soon.Status);
        Assert.Contains("The last test was less than a minute ago", soon.Main, StringComparison.Ordinal);
        Assert.Contains("Recorded", soon.Main, StringComparison.Ordinal);
        Assert.Equal(1, await app.ReadAsync(db => db.Alerts.CountAsync()));

        _clock.Advance(TestAlerts.Spacing);
        Assert.Equal(HttpStatusCode.OK, (await ann.SubmitAsync("/test_alert", new { })).Status);
        Assert.Equal(2, await app.ReadAsync(db => db.Alerts.CountAsync()));
    }

    [Fact]
    public async Task A_mail_server_that_refuses_is_quoted()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().Reply(SmtpStage.RcptTo, "450 4.2.0 Try again later"));
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, server.Settings);
        using var ann = await app.RegisterAnnAsync();
        var started = await ann.SubmitAsync("/test_alert", new { });
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), n => n == 1);

        var page = await ann.GetAsync(started.PathAndQuery);
        Assert.Contains("Not told yet: the mail server refuses", page.Main, StringComparison.Ordinal);
        Assert.Contains("450 4.2.0 Try again later", page.Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_peoples_tests_and_other_entries_are_not_found()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var ann = await app.VisitAsAsync(Anns);
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        var started = await ann.SubmitAsync("/test_alert", new { });
        var failure = await app.FailToSignInAsync(Anns);

        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync(started.PathAndQuery)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync($"/test_alert?id={failure}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync("/test_alert?id=x")).Status);
    }

    private static async Task<AlertSummary> CountedAsync(SentinelCamApp app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ImageLogQuery>()
            .AlertsSinceAsync(new Viewer(1, IsAdministrator: true), TestClock.Noon.AddDays(-1));
    }
}
