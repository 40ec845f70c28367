using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>The alerts on <c>/settings</c>: preferences, time zone, second address.</summary>
[Trait("Database", "Both")]
public partial class AlertSettingsTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private const string Alerts = "/settings?handler=Alerts";
    private const string Recipient = "/settings?handler=Recipient";
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 7, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Preferences_are_saved_and_weaker_alerts_notify_the_owner()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();

        var saved = await ann.SubmitAsync("/settings",
            new { AlertFrom = "4", QuietMinutes = "30", TimeZone = "Europe/Berlin", PausedUntil = "2030-07-02T08:00" }, Alerts);

        foreach (var words in new[]
                 {
                     "Your alert settings were saved.", "at failure number 4 of a burst",
                     "A burst ends after 30 minutes without a failure",
                     "Times are shown in Europe/Berlin", "Alerts are paused until tomorrow at 08:00",
                     $"Your alerts go to {Anns}.",
                 })
            Assert.Contains(words, saved.Main, StringComparison.Ordinal);
        Assert.Equal("4", saved.Document.QuerySelector("#AlertFrom")!.GetAttribute("value"));
        Assert.Equal("30", saved.Document.QuerySelector("#QuietMinutes")!.GetAttribute("value"));
        Assert.Equal("Europe/Berlin", saved.Document.QuerySelector("#TimeZone option[selected]")!.GetAttribute("value"));
        Assert.Equal("2030-07-02T08:00", saved.Document.QuerySelector("#PausedUntil")!.GetAttribute("value"));
        var account = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        Assert.Equal((4, 30, "Europe/Berlin"), (account.AlertFrom, account.QuietMinutes, account.TimeZone));
        Assert.Equal(new DateTimeOffset(2030, 7, 2, 6, 0, 0, TimeSpan.Zero), account.PausedUntil);

        await app.WaitForAcceptedAsync(1);
        var mail = Assert.Single(app.Mails());
        Assert.Equal($"The settings of {Anns} on front door were changed", mail.Subject);
        foreach (var words in new[]
                 {
                     "failure number 4 of a burst. Before, it was number 1.",
                     "The quiet period is now 30 minutes. Before, it was 5.",
                     "paused until Tuesday, 2 July 2030 at 08:00 (Europe/Berlin, UTC+02:00)",
                 })
            Assert.Contains(words, mail.TextBody!.OnOneLine(), StringComparison.Ordinal);

        // More alerts again: nothing to warn about
        await ann.SubmitAsync("/settings", new { AlertFrom = "1", QuietMinutes = "", TimeZone = "", PausedUntil = "" }, Alerts);
        account = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        Assert.Equal((1, null, null, null), (account.AlertFrom, account.QuietMinutes, account.TimeZone, account.PausedUntil));
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Pages_and_mails_show_times_in_the_owners_time_zone()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        await ann.SubmitAsync(
            "/settings", new { AlertFrom = "1", QuietMinutes = "", TimeZone = "Asia/Kolkata", PausedUntil = "" }, Alerts);
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        var log = await ann.GetAsync("/userdata");
        var time = log.Document.QuerySelector(".entry time")!;
        Assert.Equal(("17:30", "2030-07-01T12:00:00.000Z"), (time.TextContent, time.GetAttribute("datetime")));
        Assert.Equal("Today", log.Document.QuerySelector("#log .day")!.TextContent);
        Assert.Equal("just now", (await ann.GetAsync("/dashboard")).Document.QuerySelector(".alert time")!.TextContent);
        var told = log.Document.QuerySelector(".entry .delivery time")!;
        Assert.Equal(("at 17:30", "2030-07-01T12:00:00.000Z"), (told.TextContent, told.GetAttribute("datetime")));
        Assert.Contains("sent to the outbox today at 17:30", log.Main, StringComparison.Ordinal);
        Assert.Contains(
            "17:30:00 (Asia/Kolkata, UTC+05:30)", Assert.Single(app.Mails()).TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(5.5), app.Mails()[0].Date.Offset);
    }

    [Fact]
    public async Task Second_address_gets_alerts_after_confirming_and_the_owner_is_notified()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        var answer = await ann.SubmitAsync("/settings", new { Recipient = " carla@example.net " }, Recipient);
        Assert.Contains("The address was asked", answer.Main, StringComparison.Ordinal);
        await app.WaitForAcceptedAsync(2);
        Assert.Contains("was asked to confirm", Assert.Single(app.MailsTo(Anns)).TextBody!.OnOneLine(), StringComparison.Ordinal);

        // No alerts before it has confirmed
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(3);
        var question = Assert.Single(app.MailsTo("carla@example.net"));
        Assert.Empty(question.Attachments);
        var link = Link().Match(question.TextBody!).Value;
        Assert.StartsWith($"{app.Address.ToString().TrimEnd('/')}/confirm_recipient?token=", link, StringComparison.Ordinal);
        var key = await app.ReadAsync(db => db.Users.Select(a => a.PendingRecipientKey).SingleAsync());
        Assert.DoesNotContain(key!, link, StringComparison.Ordinal);

        // Opening the link confirms nothing: mail programs do that on their own
        using var carla = app.Visit();
        var asked = await carla.GetAsync(new Uri(link).PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, asked.Status);
        Assert.Contains("carla@example.net", asked.Main, StringComparison.Ordinal);
        Assert.Null(await app.ReadAsync(db => db.Users.Select(a => a.ExtraRecipient).SingleAsync()));
        Assert.Contains("Thank you", (await carla.SubmitAsync(asked, new { })).Main, StringComparison.Ordinal);

        // It works once
        Assert.Equal(HttpStatusCode.NotFound, (await carla.SubmitAsync(asked, new { })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await carla.GetAsync(new Uri(link).PathAndQuery)).Status);
        await app.WaitForAcceptedAsync(4);

        _clock.AdvanceMinutes(8);
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(6);
        Assert.Equal(2, app.MailsTo("carla@example.net").Count);
        Assert.Single(app.MailsTo("carla@example.net")[1].Attachments);

        await ann.SubmitAsync("/settings", new { }, "/settings?handler=RemoveRecipient");
        _clock.AdvanceMinutes(8);
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Attempt && d.State == DeliveryState.Accepted),
            alerts => alerts == 4);
        Assert.Equal(2, app.MailsTo("carla@example.net").Count);
    }

    [Fact]
    public async Task Confirmation_link_expires_after_a_day_and_a_forged_one_never_works()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        await ann.SubmitAsync("/settings", new { Recipient = "carla@example.net" }, Recipient);
        await app.WaitForAcceptedAsync(2);
        var path = new Uri(Link().Match(Assert.Single(app.MailsTo("carla@example.net")).TextBody!).Value).PathAndQuery;
        using var carla = app.Visit();

        foreach (var wrong in new[]
                 {
                     "/confirm_recipient", "/confirm_recipient?token=", "/confirm_recipient?token=1", path[..^3] + "abc",
                     "/confirm_recipient?token=" + new string('x', 5_000),
                 })
            Assert.Equal(HttpStatusCode.NotFound, (await carla.GetAsync(wrong)).Status);
        _clock.Sleep(TimeSpan.FromDays(1));
        Assert.Equal(HttpStatusCode.NotFound, (await carla.GetAsync(path)).Status);
        Assert.Null(await app.ReadAsync(db => db.Users.Select(a => a.ExtraRecipient).SingleAsync()));
    }

    [Fact]
    public async Task Confirmations_are_limited_to_three_a_day_and_to_valid_other_addresses()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        Assert.Contains(
            "your own address", (await ann.SubmitAsync("/settings", new { Recipient = Anns.ToUpperInvariant() }, Recipient)).Main,
            StringComparison.Ordinal);
        foreach (var wrong in new[]
                 {
                     "", "carla", "a@example.net, b@example.net", "a@example.net\r\nBcc: b@example.net",
                     "\"<script>\"@example.net",
                 })
            Assert.Contains("Enter an email address",
                (await ann.SubmitAsync("/settings", new { Recipient = wrong }, Recipient)).Main, StringComparison.Ordinal);
        for (var i = 0; i < ExtraRecipients.MaxAskedPerDay; i++)
            Assert.Contains(
                "was asked", (await ann.SubmitAsync("/settings", new { Recipient = $"carla{i}@example.net" }, Recipient)).Main,
                StringComparison.Ordinal);

        Assert.Contains(
            "Try again tomorrow", (await ann.SubmitAsync("/settings", new { Recipient = "carla9@example.net" }, Recipient)).Main,
            StringComparison.Ordinal);

        Assert.Equal(ExtraRecipients.MaxAskedPerDay,
            await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.ConfirmRecipient)));
    }

    [Fact]
    public async Task Tenth_notice_within_an_hour_says_that_no_more_are_mailed()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        for (var minutes = 10; minutes <= 130; minutes += 10)
            await ann.SubmitAsync(
                "/settings", new { AlertFrom = "1", QuietMinutes = $"{minutes}", TimeZone = "", PausedUntil = "" }, Alerts);

        var notices = await app.ReadAsync(db => db.Deliveries.Where(d => d.Kind == MailKind.SettingsChanged).OrderBy(d => d.Id)
            .Select(d => d.Changes).ToListAsync());
        Assert.Equal(10, notices.Count);
        Assert.Equal(
            9, notices.FindIndex(text => text!.Contains("Further changes are not mailed for a while", StringComparison.Ordinal)));
        _clock.AdvanceMinutes(61);
        await ann.SubmitAsync(
            "/settings", new { AlertFrom = "2", QuietMinutes = "130", TimeZone = "", PausedUntil = "" }, Alerts);
        Assert.Equal(11, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.SettingsChanged)));
    }

    [Fact]
    public async Task Pending_registrations_are_limited_and_the_refusal_is_the_same_for_every_address()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < Registration.MaxWaiting; i++)
            await app.AddAccountAsync($"Waiting {i}", $"waiting{i}@example.org", approved: false);

        using var visitor = app.Visit();
        var unknown = await visitor.RegisterAsync("New", "new@example.org", SentinelCamApp.Password);
        var known = await visitor.RegisterAsync("New", Anns, SentinelCamApp.Password);

        Assert.Contains("Too many new accounts are waiting", unknown.Main, StringComparison.Ordinal);
        Assert.Equal(unknown.Status, known.Status);
        Assert.Equal(unknown.Neutral.Replace("new@example.org", "", StringComparison.Ordinal),
            known.Neutral.Replace(Anns, "", StringComparison.Ordinal));
        Assert.Equal(Registration.MaxWaiting + 1, await app.ReadAsync(db => db.Users.CountAsync()));

        await app.ApproveAsync("waiting0@example.org");
        Assert.Contains("An administrator must approve",
            (await visitor.RegisterAsync("New", "new@example.org", SentinelCamApp.Password)).Main, StringComparison.Ordinal);
    }

    private Task<SentinelCamApp> StartAsync() => SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);

    [GeneratedRegex(@"http://\S+/confirm_recipient\?token=\S+")]
    private static partial Regex Link();
}
