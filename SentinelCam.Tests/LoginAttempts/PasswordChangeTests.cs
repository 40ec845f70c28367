using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>The password on <c>/settings/security</c>, guesses at it, and <c>/settings/sessions</c>.</summary>
public class PasswordChangeTests(Household household) : IClassFixture<Household>
{
    private const string Changed = "another horse, another battery";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Changed_password_works_and_ends_other_sessions()
    {
        await _app.AddAccountAsync("Olga", "olga@example.org");
        using var here = await _app.VisitAsAsync("olga@example.org");
        using var elsewhere = await _app.VisitAsAsync("olga@example.org");

        var answer = await here.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = Changed });
        Assert.Contains("Your password was changed", answer.Main, StringComparison.Ordinal);
        household.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("/dashboard", (await here.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await elsewhere.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await elsewhere.SignInAsync("olga@example.org", SentinelCamApp.Password)).Path);
        Assert.Equal("/dashboard", (await elsewhere.SignInAsync("olga@example.org", Changed)).Path);
    }

    [Theory]
    [InlineData("not the password", Changed, "The current password is wrong")]
    [InlineData("", Changed, "The current password is wrong")]
    [InlineData(SentinelCamApp.Password, "too short", "Enter a password of 12 to 128 characters")]
    [InlineData(SentinelCamApp.Password, "password1234", "on the lists of common passwords")]
    [InlineData(SentinelCamApp.Password, "Bob, bob@example.org", "This password is easy to guess")]
    public async Task Invalid_entry_changes_nothing(string current, string wanted, string message)
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);

        var answer = await bob.SubmitAsync("/settings/security", new { Current = current, New = wanted });

        Assert.Contains(message, answer.Main, StringComparison.Ordinal);
        Assert.DoesNotContain(wanted, answer.Text, StringComparison.Ordinal);
        using var again = await _app.VisitAsAsync(Household.Bobs);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?handler=")]
    [InlineData("?handler=nobodys")]
    public async Task Guesses_from_an_open_session_are_limited_counted_and_photographed(string query)
    {
        var email = $"pat{query.Length}@example.org";
        var id = await _app.AddAccountAsync("Pat", email);
        using var session = await _app.VisitAsAsync(email);
        var page = await session.GetAsync("/settings/security");

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => GuessAsync($"a wrong guess {i}")));

        Assert.Equal(SignInPolicy.MaxFailures, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK),
            answer => Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status));
        // The right password is no longer compared either, and gets the same answer
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GuessAsync(SentinelCamApp.Password)).Status);
        var attempts = await _app.ReadAsync(
            db => db.LoginAttempts.AsNoTracking().Where(a => a.OwnerId == id).OrderBy(a => a.Id).ToListAsync());
        Assert.Equal(SignInPolicy.MaxFailures, attempts.Count);
        Assert.All(attempts,
            attempt => Assert.Equal((LoginOutcome.WrongPassword, email, "127.0.0.1"),
                (attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress)));
        await _app.WaitForAsync(
            db => db.ImageLog.AsNoTracking().Where(e => e.OwnerId == id).OrderBy(e => e.Id).Select(e => e.CaptureState)
                .ToListAsync(),
            states => states.Count == SignInPolicy.MaxFailures && states[0] == CaptureState.Taken);
        Assert.Equal(household.Clock.GetUtcNow() + SignInPolicy.LockoutTime,
            await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.LockoutEnd).SingleAsync()));
        using var door = _app.Visit();
        Assert.Equal("/login", (await door.SignInAsync(email, SentinelCamApp.Password)).Path);

        Task<WebAnswer> GuessAsync(string current) =>
            session.PostAsync("/settings/security" + query,
                [new("__RequestVerificationToken", page.Token), new("Current", current), new("New", Changed)]);
    }

    [Fact]
    public async Task Owner_can_change_the_password_during_a_lockout_and_is_notified()
    {
        var id = await _app.AddAccountAsync("Rita", "rita@example.org");
        using var session = await _app.VisitAsAsync("rita@example.org");
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await _app.FailToSignInAsync("rita@example.org", "203.0.113.5", isCaptured: false);

        var answer = await session.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = Changed });

        Assert.Contains("Your password was changed", answer.Main, StringComparison.Ordinal);
        await _app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.RecipientId == id && d.Kind == MailKind.SettingsChanged
                && d.State == DeliveryState.Accepted), accepted => accepted == 1);
        var mail = Assert.Single(_app.MailsTo("rita@example.org"),
            mail => mail.Subject is { } subject && subject.Contains("were changed", StringComparison.Ordinal));
        Assert.Contains("The password was changed", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains($"Account {id} changed its password from \"127.0.0.1\"", _app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_elsewhere_ends_other_sessions_and_keeps_this_one()
    {
        var id = await _app.AddAccountAsync("Sam", "sam@example.org");
        using var here = await _app.VisitAsAsync("sam@example.org");
        using var elsewhere = await _app.VisitAsAsync("sam@example.org");

        var answer = await here.SubmitAsync("/settings/sessions", new { }, "/settings/sessions?handler=EndSessions");

        Assert.Contains("All other browsers will be signed out within a minute", answer.Main, StringComparison.Ordinal);
        Assert.Contains($"Account {id} signed out everywhere else", _app.Log(), StringComparison.Ordinal);
        household.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("/login", (await elsewhere.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await here.GetAsync("/dashboard")).Path);
    }
}
