using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>A wrong code after the right password is reported at once, whatever the owner prefers.</summary>
public class KnownPasswordTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Right_password_with_a_wrong_code_is_photographed_and_mailed_at_once_despite_all_preferences()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var phone = await AuthenticatorApp.TurnOnAsync(ann, _clock);
        var until = _clock.GetUtcNow().AddDays(1);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set
            .SetProperty(a => a.PausedUntil, until).SetProperty(a => a.AlertFrom, 10)));
        using var thief = app.Visit("Thief/1.0");
        var step = await thief.EnterPasswordAsync(Anns);

        await thief.EnterCodeAsync(step, phone.WrongCode());
        await app.WaitForCapturesAsync();
        await app.WaitForAsync(
            db => db.Deliveries.Where(d => d.Kind == MailKind.KnownPassword).Select(d => d.State).SingleOrDefaultAsync(),
            state => state is DeliveryState.Accepted);

        var mail = Assert.Single(app.Mails(), mail => mail.Subject!.Contains("SOMEBODY", StringComparison.Ordinal));
        Assert.Equal($"SOMEBODY KNOWS THE PASSWORD of {Anns} on front door", mail.Subject);
        Assert.Empty(mail.References);
        Assert.Single(mail.Attachments);
        var text = mail.PlainOnOneLine();
        Assert.Contains("with the right password, and a wrong code. Only the second factor kept them out.", text,
            StringComparison.Ordinal);
        Assert.Contains("Change your password now", text, StringComparison.Ordinal);
        Assert.DoesNotContain(phone.WrongCode(), text, StringComparison.Ordinal);

        Assert.Contains("Somebody knows your password", (await ann.GetAsync("/dashboard")).Main, StringComparison.Ordinal);
        var log = (await ann.GetAsync("/userdata?Outcome=WrongCode")).Main;
        Assert.Contains("right password, wrong code", log, StringComparison.Ordinal);
        Assert.Contains("Alert about a known password to", log, StringComparison.Ordinal);
        Assert.Contains("WrongCode", app.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain(phone.WrongCode(), app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_of_these_mails_leave_within_an_hour_and_the_summary_counts_the_others()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var phone = await AuthenticatorApp.TurnOnAsync(ann, _clock);
        using var thief = app.Visit("Thief/1.0");
        for (var round = 0; round < 3; round++)
        {
            var step = await thief.EnterPasswordAsync(Anns);
            for (var i = 0; i < 5; i++)
                await thief.EnterCodeAsync(step, phone.WrongCode());
            _clock.Advance(TimeSpan.FromMinutes(4));
            // As a new password does, without ending the steps
            await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set
                .SetProperty(a => a.CodesLockedUntil, (DateTimeOffset?)null)));
        }

        Assert.Equal(15, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.WrongCode)));
        Assert.Equal(10, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.KnownPassword)));
        _clock.Advance(TimeSpan.FromMinutes(6));
        await app.WaitForClosedAlertsAsync();
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Summary)));
    }

    [Fact]
    public async Task Guesses_before_it_are_mailed_as_the_owner_prefers()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var phone = await AuthenticatorApp.TurnOnAsync(ann, _clock);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.AlertFrom, 3)));
        using var thief = app.Visit("Thief/1.0");
        await thief.SignInAsync(Anns, "a thief's guess");
        await thief.EnterCodeAsync(await thief.EnterPasswordAsync(Anns), phone.WrongCode());
        await thief.SignInAsync(Anns, "a thief's guess");
        await app.WaitForCapturesAsync();

        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Accepted), accepted => accepted == 3);
        var first = Assert.Single(app.Mails(), mail => mail.Subject!.StartsWith("Failed sign-in", StringComparison.Ordinal));
        Assert.Contains("3 attempts to sign in", first.PlainOnOneLine(), StringComparison.Ordinal);
    }
}
