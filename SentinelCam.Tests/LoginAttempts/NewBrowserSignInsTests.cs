using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>The first sign-in from a browser is photographed and mailed, with a link that ends it.</summary>
[Trait("Database", "Both")]
public sealed partial class NewBrowserSignInsTests : IAsyncLifetime
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private const string Password = SentinelCamApp.Password;
    private const string Changed = "another horse, another battery";
    private const string Firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0";
    private const string Form = "/was_it_you";

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, ("Site:PublicUrl", "https://cam.example.org"));
        _ann = await _app.RegisterAnnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Sign_in_from_a_new_browser_is_photographed_and_mailed_and_is_no_failure()
    {
        using var thief = _app.Visit(Firefox);
        Assert.Equal("/dashboard", (await thief.SignInAsync(Anns, Password)).Path);
        await _app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(_app.Mails());
        Assert.Equal($"Sign-in to {Anns} on front door from a new browser", mail.Subject);
        Assert.Single(mail.Attachments);
        var text = mail.PlainOnOneLine();
        Assert.Contains($"Someone signed in to the account {Anns} on front door from a new browser: Firefox 130 on Windows, "
            + "from this machine (127.0.0.1).", text, StringComparison.Ordinal);
        Assert.Contains("A private window is a new browser each time", text, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Nobody got in", text, StringComparison.Ordinal);

        var alert = await _app.ReadAsync(db => db.Alerts.AsNoTracking().SingleAsync());
        Assert.Equal((0, _clock.GetUtcNow(), AlertAnswer.New), (alert.Attempts, alert.SucceededAt, alert.Answer));
        var entry = await _app.ReadAsync(db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).SingleAsync());
        Assert.Equal((CaptureTrigger.NewBrowser, LoginOutcome.SucceededInNewBrowser), (entry.Trigger, entry.Outcome!.Value));
        Assert.NotNull(entry.Snapshot);
        Assert.Contains("Signed in from a new browser", (await _ann.GetAsync("/userdata?Trigger=NewBrowser")).Main,
            StringComparison.Ordinal);
        var page = (await _ann.GetAsync($"/alerts/{alert.Id}")).Main;
        Assert.Contains($"Sign-in from a new browser to {Anns}", page, StringComparison.Ordinal);
        Assert.Contains("with Firefox 130 on Windows", page, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", page, StringComparison.OrdinalIgnoreCase);
        // Nor does it hide that nobody has failed
        Assert.DoesNotContain("signed in from a new browser", (await _ann.GetAsync("/dashboard")).Document
            .QuerySelector("table")?.TextContent ?? "", StringComparison.Ordinal);
        Assert.False((await _app.SubmitAsync(Anns, passwordIsRight: true)).EntryId is not null);
    }

    [Fact]
    public async Task First_browser_of_an_account_and_known_browsers_are_not_told()
    {
        await _ann.SignOutAsync();
        await _ann.SignInAsync(Anns, Password);
        await _app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = _app.Visit();
        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, Password)).Path);
        await bob.SignOutAsync();
        await bob.SignInAsync(Household.Bobs, Password);

        Assert.False(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync()));

        // A cookie that nobody gave it
        bob.RenameCookie(_app.Address, $"{_app.SessionCookie}.Browser.2", $"{_app.SessionCookie}.Browser.1");
        await bob.SignOutAsync();
        await bob.SignInAsync(Anns, Password);
        Assert.Equal(1, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.IsNewBrowser && a.OwnerId == 1)));
    }

    [Fact]
    public async Task Link_in_the_mail_ends_all_sessions_of_that_browser_and_makes_it_a_stranger_once()
    {
        using var thief = _app.Visit(Firefox);
        await thief.SignInAsync(Anns, Password);
        using var copy = _app.Visit(Firefox);
        copy.TakeCookies(_app.Address, thief);
        // Another session of the same browser; the copied cookies open the first one
        await thief.SignOutAsync();
        await thief.SignInAsync(Anns, Password);
        using var second = await _app.VisitAsAsync(Anns);
        var path = await LinkAsync(1);
        using var owner = _app.Visit();

        foreach (var link in new[] { path, path + "&answer=ItWasMe", path + "&answer=NotMe" })
        {
            var asked = await owner.GetAsync(link);
            Assert.Contains("There was a sign-in from a new browser for the account a…@example.org", asked.Main,
                StringComparison.Ordinal);
        }

        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        var done = await owner.SubmitAsync(path, new { Answer = "NotMe" }, Form);
        Assert.Contains("it was not you. The browser was signed out", done.Main, StringComparison.Ordinal);
        Assert.Contains(done.Document.QuerySelectorAll("main ol a"), link => link.GetAttribute("href") == "/settings/security");

        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await copy.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await _ann.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await second.GetAsync("/dashboard")).Path);
        Assert.Equal(HttpStatusCode.Gone, (await owner.GetAsync(path)).Status);
        var line = await _app.ReadAsync(db => db.Activity.AsNoTracking().SingleAsync(a => a.Kind == ActivityKind.SessionEnded));
        Assert.Equal((1, ActivityActor.Visitor, "Firefox 130 on Windows"), (line.AccountId, line.Actor, line.Detail));

        // It is told again, and what strangers do locks it
        _clock.Advance(TimeSpan.FromMinutes(1));
        await thief.SignInAsync(Anns, Password);
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        await owner.SubmitAsync(await LinkAsync(2), new { Answer = "NotMe" }, Form);
        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await owner.SignInAsync(Anns, "a wrong password");
        Assert.Equal("/login", (await thief.SignInAsync(Anns, Password)).Path);
    }

    [Theory]
    [InlineData("ItWasMe")]
    [InlineData("NotMe")]
    [InlineData("Delete")]
    [InlineData("ForgetCookie")]
    public async Task Somebody_who_got_in_cannot_make_the_link_useless(string action)
    {
        using var thief = _app.Visit(Firefox);
        await thief.SignInAsync(Anns, Password);
        var path = await LinkAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(30));
        var page = await thief.GetAsync("/alerts/1");
        if (action == "ForgetCookie")
            thief.RenameCookie(_app.Address, $"{_app.SessionCookie}.Browser.1", "other");
        else if (action == "Delete")
            await thief.SubmitAsync(page, new { }, "/alerts/1?handler=Delete");
        else
            await thief.SubmitAsync(page, new { Answer = action }, "/alerts/1?handler=Answer");
        // Whoever knows the password can change it, too: the session goes on, in the same browser
        await thief.SubmitAsync("/settings/security", new { Current = Password, New = Changed });
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        using var owner = _app.Visit();

        if (action == "NotMe")
        {
            // Old mails take nothing back
            var late = await owner.SubmitAsync(path, new { Answer = "ItWasMe" }, Form);
            Assert.Contains("answered after the email was sent", late.Main, StringComparison.Ordinal);
        }

        await owner.SubmitAsync(path, new { Answer = "NotMe" }, Form);

        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Browser_that_changes_the_password_stays_known_and_others_are_told_again()
    {
        using var other = await _app.VisitAsAsync(Anns);
        await _ann.SubmitAsync("/settings/security", new { Current = Password, New = Changed });
        await _ann.SignOutAsync();
        await _ann.SignInAsync(Anns, Changed);
        Assert.False(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync()));

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("/dashboard", (await other.SignInAsync(Anns, Changed)).Path);
            await other.SignOutAsync();
        }

        Assert.Equal(1, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.IsNewBrowser)));
    }

    [Fact]
    public async Task After_failures_one_mail_says_both()
    {
        using var thief = _app.Visit(Firefox);
        for (var i = 0; i < 3; i++)
            await thief.SignInAsync(Anns, $"wrong password {i}");
        await thief.SignInAsync(Anns, Password);
        await _app.WaitForAcceptedAsync(2);

        Assert.Equal(1, await _app.ReadAsync(db => db.Alerts.CountAsync()));
        var mail = Assert.Single(_app.Mails(), mail => mail.Subject!.Contains("SUCCEEDED", StringComparison.Ordinal));
        Assert.Contains("after 3 failed attempts in the hour before. The browser is new: Firefox 130 on Windows, from this",
            mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains("Sign-in after failures, from a new browser", (await _ann.GetAsync("/alerts/1")).Main,
            StringComparison.Ordinal);

        using var owner = _app.Visit();
        await owner.SubmitAsync(PathIn(mail.TextBody!), new { Answer = "NotMe" }, Form);
        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Ten_such_sign_ins_an_hour_are_mailed_and_all_are_recorded()
    {
        for (var i = 0; i < 12; i++)
        {
            using var window = _app.Visit();
            Assert.Equal("/dashboard", (await window.SignInAsync(Anns, Password)).Path);
        }

        Assert.Equal(12, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.IsNewBrowser)));
        Assert.Equal(10, await _app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success)));
        Assert.Equal(2, await _app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureProblem == AlertGrouping.NotMailed)));
        // They leave the mails about successes after failures alone
        for (var i = 0; i < 3; i++)
            await _app.FailToSignInAsync(Anns, isCaptured: false);
        await _app.SubmitAsync(Anns, passwordIsRight: true);
        Assert.Equal(11, await _app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success)));
    }

    [Fact]
    public async Task Sign_in_without_a_password_check_is_told_too()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var signIns = scope.ServiceProvider.GetRequiredService<NewBrowserSignIns>();

        var visitor = new Visitor("203.0.113.9", Firefox, true);
        var alertId = await signIns.AlertForAsync(1, browserKey: null, session: null, visitor);
        // Asked twice in one request, it is recorded once
        Assert.Equal(alertId, await signIns.AlertForAsync(1, browserKey: null, session: null, visitor));

        var attempt = await _app.ReadAsync(db => db.LoginAttempts.AsNoTracking().SingleAsync());
        Assert.Equal((alertId, LoginOutcome.SucceededInNewBrowser, Anns, "203.0.113.9"),
            (attempt.AlertId, attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress));
    }

    /// <summary>The path of the link in the latest of so many mails.</summary>
    private async Task<string> LinkAsync(int mails)
    {
        await _app.WaitForAcceptedAsync(mails);
        return PathIn(_app.Mails().MaxBy(mail => mail.Date)!.TextBody!);
    }

    private static string PathIn(string text) => new Uri(Link().Match(text).Value).PathAndQuery;

    [GeneratedRegex(@"https://\S+/was_it_you\?token=\S+")]
    private static partial Regex Link();
}
