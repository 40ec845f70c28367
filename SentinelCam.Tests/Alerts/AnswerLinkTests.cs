using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>"Was it you?", asked in a mail and answered without signing in.</summary>
[Trait("Database", "Both")]
public sealed partial class AnswerLinkTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private const string Site = "https://cam.example.org";
    private const string Form = "/was_it_you";

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Owner_answers_once_from_the_mail_and_is_told_what_to_do()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        var token = path.Split("token=")[1];
        using var visitor = app.Visit();

        // Programs that scan mails open every link, often several times
        WebAnswer asked;
        foreach (var link in new[] { path, path + "&answer=ItWasMe", path + "&answer=NotMe" })
        {
            asked = await visitor.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, asked.Status);
            Assert.Equal("no-referrer", asked.Headers["Referrer-Policy"]);
            Assert.StartsWith("no-store", asked.Headers["Cache-Control"], StringComparison.Ordinal);
        }

        Assert.Equal((AlertAnswer.New, null), await AnswerAsync(app));
        asked = await visitor.GetAsync(path);
        Assert.Contains(
            "There was a failed sign-in for the account a…@example.org on front door, on Tuesday, 1 January 2030 at 12:00.",
            asked.Main, StringComparison.Ordinal);
        Assert.DoesNotContain(Anns, asked.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.9", asked.Text, StringComparison.Ordinal);

        var done = await visitor.SubmitAsync(asked, new { Answer = "NotMe" }, Form);
        Assert.Equal((HttpStatusCode.OK, Form), (done.Status, done.PathAndQuery));
        Assert.Contains("What to do now", done.Main, StringComparison.Ordinal);
        var alert = await app.ReadAsync(db => db.Alerts.SingleAsync());
        Assert.Equal(
            (AlertAnswer.NotMe, AnswerChannel.Mail, _clock.GetUtcNow()), (alert.Answer, alert.AnsweredThrough, alert.AnsweredAt));
        Assert.Equal(["/settings/security", "/settings/sessions", $"/alerts/{alert.Id}", "/forgot_password"],
            done.Document.QuerySelectorAll("main ol a").Select(link => link.GetAttribute("href")));
        Assert.Equal("/login", (await visitor.GetAsync("/settings/security")).Path);

        foreach (var again in new[]
                 {
                     await visitor.SubmitAsync(asked, new { Answer = "ItWasMe" }, Form), await visitor.GetAsync(path),
                 })
        {
            Assert.Equal(HttpStatusCode.Gone, again.Status);
            Assert.Contains("This link was used before", again.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("front door", again.Main, StringComparison.Ordinal);
        }

        Assert.Equal((AlertAnswer.NotMe, AnswerChannel.Mail), await AnswerAsync(app));
        Assert.Equal(1, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.Snapshot != null)));
        Assert.DoesNotContain(token, app.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain("was_it_you", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_was_me_is_recorded_and_a_form_without_an_answer_changes_nothing()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var visitor = app.Visit();
        var asked = await visitor.GetAsync(path);

        foreach (var answer in new[] { "", "New", "7", "nonsense" })
            Assert.Contains("Was it you?", (await visitor.SubmitAsync(asked, new { Answer = answer }, Form)).Main,
                StringComparison.Ordinal);
        Assert.Equal((AlertAnswer.New, null), await AnswerAsync(app));

        var done = await visitor.SubmitAsync(asked, new { Answer = "ItWasMe" }, Form);
        Assert.Contains("Your answer is recorded: it was you.", done.Main, StringComparison.Ordinal);
        Assert.Equal((AlertAnswer.ItWasMe, AnswerChannel.Mail), await AnswerAsync(app));
    }

    [Fact]
    public async Task Link_works_for_thirty_days()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var visitor = app.Visit();

        _clock.Sleep(AnswerLinks.Lifetime - TimeSpan.FromMinutes(2));
        var asked = await visitor.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, asked.Status);
        _clock.Sleep(TimeSpan.FromMinutes(2));
        foreach (var late in new[]
                 {
                     await visitor.SubmitAsync(asked, new { Answer = "ItWasMe" }, Form), await visitor.GetAsync(path),
                 })
        {
            Assert.Equal(HttpStatusCode.Gone, late.Status);
            Assert.Contains("This link has expired", late.Main, StringComparison.Ordinal);
        }

        Assert.Equal((AlertAnswer.New, null), await AnswerAsync(app));
    }

    [Fact]
    public async Task Altered_links_never_work()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var visitor = app.Visit();
        var other = path[40] == 'x' ? "y" : "x";

        foreach (var wrong in new[]
                 {
                     Form, Form + "?token=", Form + "?token=1", path[..^1], path + "A", path[..40] + other + path[41..],
                     Form + "?token=" + new string('x', 5_000),
                 })
        {
            var answer = await visitor.GetAsync(wrong);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains("This link does not work", answer.Main, StringComparison.Ordinal);
        }

        var asked = await visitor.GetAsync(path);
        var altered = await visitor.SubmitAsync(asked, new { Token = path.Split("token=")[1][..^1], Answer = "NotMe" }, Form);
        Assert.Equal(HttpStatusCode.NotFound, altered.Status);
        Assert.Equal((AlertAnswer.New, null), await AnswerAsync(app));
    }

    [Theory]
    [InlineData("deleted", HttpStatusCode.Gone, "This alert was deleted")]
    [InlineData("suspended", HttpStatusCode.NotFound, "This link does not work")]
    [InlineData("answered", HttpStatusCode.Gone, "This alert was answered after the email was sent")]
    public async Task Link_about_nothing_that_can_be_answered_says_so(string change, HttpStatusCode status, string words)
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var visitor = app.Visit();
        var asked = await visitor.GetAsync(path);
        await app.ReadAsync(async db => change switch
        {
            "deleted" => await db.ImageLog.ExecuteDeleteAsync(),
            "suspended" => await db.Users.ExecuteUpdateAsync(
                set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null)),
            _ => (int)await AnswerOnSiteAsync(app),
        });

        foreach (var answer in new[]
                 {
                     await visitor.GetAsync(path), await visitor.SubmitAsync(asked, new { Answer = "ItWasMe" }, Form),
                 })
        {
            Assert.Equal(status, answer.Status);
            Assert.Contains(words, answer.Main, StringComparison.Ordinal);
        }

        Assert.Equal(change == "answered" ? (AlertAnswer.NotMe, AnswerChannel.Page) : (AlertAnswer.New, null),
            await AnswerAsync(app));
    }

    [Fact]
    public async Task Two_answers_at_once_are_one()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var first = app.Visit();
        using var second = app.Visit();
        var (one, two) = (await first.GetAsync(path), await second.GetAsync(path));

        var answers = await Task.WhenAll(
            first.SubmitAsync(one, new { Answer = "ItWasMe" }, Form), second.SubmitAsync(two, new { Answer = "NotMe" }, Form));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Attempts_after_the_answer_are_asked_about_in_the_summary()
    {
        await using var app = await StartAsync();
        var path = await FailAsync(app);
        using var visitor = app.Visit();
        await visitor.SubmitAsync(path, new { Answer = "ItWasMe" }, Form);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await app.FailToSignInAsync(Anns, "203.0.113.9");
        await app.WaitForCapturesAsync();
        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(4);

        Assert.Equal(AlertAnswer.New, (await AnswerAsync(app)).Answer);
        Assert.Equal(HttpStatusCode.Gone, (await visitor.GetAsync(path)).Status);
        var summary = PathIn(app.MailsTo(Anns)[^1].TextBody!);
        Assert.NotEqual(path, summary);
        Assert.Contains("What to do now",
            (await visitor.SubmitAsync(summary, new { Answer = "NotMe" }, Form)).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_owners_own_address_is_asked()
    {
        await using var app = await StartAsync();
        await FailAsync(app);
        await app.FailToSignInAsync("nobody@example.org", "198.51.100.7");
        await app.WaitForAcceptedAsync(3);

        var own = app.MailsTo(Anns).Single(mail => mail.Subject!.Contains(Anns, StringComparison.Ordinal));
        Assert.Contains("Was it you?", own.TextBody, StringComparison.Ordinal);
        Assert.Equal(
            [$"{Site}{PathIn(own.TextBody!)}&answer=ItWasMe", $"{Site}{PathIn(own.TextBody!)}&answer=NotMe"],
            own.Html().QuerySelectorAll("a.answer").Select(link => link.GetAttribute("href")!
                .Replace(TokenIn(link.GetAttribute("href")!), TokenIn(own.TextBody!), StringComparison.Ordinal)));
        var others = new[]
        {
            Assert.Single(app.MailsTo("carla@example.net")),
            app.MailsTo(Anns).Single(mail => mail.Subject!.Contains("nobody", StringComparison.Ordinal)),
        };
        foreach (var mail in others)
        {
            Assert.DoesNotContain("Was it you", mail.TextBody + mail.HtmlBody, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("was_it_you", mail.TextBody + mail.HtmlBody, StringComparison.Ordinal);
            // They can open the alert if they can sign in
            Assert.Matches($"{Site}/alerts/[0-9]+\n", mail.Plain());
        }
    }

    [Fact]
    public async Task Without_a_public_address_mails_have_no_links()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(app.Mails());
        Assert.DoesNotContain("Was it you", mail.TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain("http", mail.TextBody + mail.HtmlBody, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(mail.Html().QuerySelectorAll("a"));
    }

    /// <summary>An app with a public address, in which Ann has a second address.</summary>
    private async Task<SentinelCamApp> StartAsync()
    {
        var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, ("Site:PublicUrl", Site));
        (await app.RegisterAnnAsync()).Dispose();
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set
            .SetProperty(a => a.ExtraRecipient, "carla@example.net").SetProperty(a => a.TimeZone, "Etc/UTC")));
        return app;
    }

    /// <summary>A failed sign-in to Ann's account.</summary>
    /// <returns>The path of the link in its mail.</returns>
    private static async Task<string> FailAsync(SentinelCamApp app)
    {
        await app.FailToSignInAsync(Anns, "203.0.113.9");
        await app.WaitForAcceptedAsync(2);
        return PathIn(Assert.Single(app.MailsTo(Anns)).TextBody!);
    }

    private static string PathIn(string text) => new Uri(Link().Match(text).Value).PathAndQuery;

    private static string TokenIn(string text) => Token().Match(text).Value;

    private static Task<(AlertAnswer Answer, AnswerChannel? Through)> AnswerAsync(SentinelCamApp app) => app.ReadAsync(async db =>
    {
        var alert = await db.Alerts.AsNoTracking().SingleAsync();
        return (alert.Answer, alert.AnsweredThrough);
    });

    private static async Task<AnswerOutcome> AnswerOnSiteAsync(SentinelCamApp app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AlertReview>()
            .AnswerAsync(new Viewer(1, true), 1, AlertAnswer.NotMe, AnswerChannel.Page);
    }

    [GeneratedRegex(@"https://\S+/was_it_you\?token=\S+")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<=token=)[A-Za-z0-9_-]+")]
    private static partial Regex Token();
}
