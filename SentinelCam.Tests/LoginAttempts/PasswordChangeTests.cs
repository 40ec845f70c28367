using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>The password on <c>/settings/security</c>, and guesses at it.</summary>
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
    public async Task Guesses_from_an_open_session_are_limited_recorded_and_photographed_and_lock_nobody_else(string query)
    {
        var email = $"pat{query.Length}@example.org";
        var id = await _app.AddAccountAsync("Pat", email);
        using var session = await _app.VisitAsAsync(email);
        using var owners = await _app.VisitAsAsync(email);
        var page = await session.GetAsync("/settings/security");
        // Posts without the form token are not counted
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await session.PostAsync("/settings/security" + query, [])).Status);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => GuessAsync($"a wrong guess {i}")));

        Assert.Equal(SignInPolicy.MaxFailures, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK),
            answer => Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status));
        // The right password gets the same answer
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GuessAsync(SentinelCamApp.Password)).Status);
        var attempts = await _app.ReadAsync(
            db => db.LoginAttempts.AsNoTracking().Where(a => a.OwnerId == id).OrderBy(a => a.Id).ToListAsync());
        Assert.Equal(
            [
                .. Enumerable.Repeat(LoginOutcome.WrongPassword, SignInPolicy.MaxFailures),
                .. Enumerable.Repeat(LoginOutcome.LockedOut, 13 - SignInPolicy.MaxFailures),
            ],
            attempts.Select(attempt => attempt.Outcome));
        Assert.All(attempts,
            attempt => Assert.Equal((email, "127.0.0.1"), (attempt.AccountTyped, attempt.RemoteAddress)));
        await _app.WaitForAsync(
            db => db.ImageLog.AsNoTracking().Where(e => e.OwnerId == id).OrderBy(e => e.Id).Select(e => e.CaptureState)
                .ToListAsync(),
            states => states.Count == 13 && states[0] == CaptureState.Taken);
        // Neither the sign-in nor the owner's own session is locked
        using var door = await _app.VisitAsAsync(email);
        Assert.Contains("Your password was changed",
            (await owners.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = Changed })).Main,
            StringComparison.Ordinal);

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
}
