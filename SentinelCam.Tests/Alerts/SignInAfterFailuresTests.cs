using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>A sign-in after several failures is always reported, whatever the owner prefers.</summary>
public class SignInAfterFailuresTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Sign_in_after_three_failures_is_photographed_and_mailed_at_once_despite_quiet_period_and_pause()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        for (var i = 0; i < 3; i++)
            await app.FailAndCaptureAsync(_clock, "203.0.113.1");
        await app.WaitForAcceptedAsync(1);
        var until = _clock.GetUtcNow().AddDays(1);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.PausedUntil, until)));

        var submission = await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7", "Thief/1.0");
        await app.WaitForAcceptedAsync(2);

        Assert.True(submission.IsAccepted);
        var mail = Assert.Single(app.Mails(), mail => mail.Subject!.Contains("SUCCEEDED", StringComparison.Ordinal));
        Assert.Equal($"Sign-in to {Anns} on front door SUCCEEDED after 3 failures", mail.Subject);
        Assert.Empty(mail.References);
        Assert.Single(mail.Attachments);
        var text = mail.PlainOnOneLine();
        Assert.Contains("198.51.100.7", text, StringComparison.Ordinal);
        Assert.Contains("Thief/1.0", text, StringComparison.Ordinal);
        Assert.Contains("someone else knows your password", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Nobody got in", text, StringComparison.Ordinal);
        var entry = await app.ReadAsync(db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot)
            .SingleAsync(e => e.Trigger == CaptureTrigger.SuccessAfterFailures));
        Assert.NotNull(entry.Snapshot);
        using var ann = await app.VisitAsAsync(Anns);
        var success = (await ann.GetAsync("/userdata?Trigger=SuccessAfterFailures")).Main;
        Assert.Contains("Sign-in after failures for ", success, StringComparison.Ordinal);
        Assert.Contains("Alert about a sign-in to ", success, StringComparison.Ordinal);

        // It is not a failure: not counted, summarised or listed as one
        Assert.Equal(3, await app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        Assert.DoesNotContain("198.51.100.7", (await ann.GetAsync("/dashboard")).Document.QuerySelector("table")!.TextContent,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_such_sign_ins_an_hour_are_mailed_and_all_are_recorded()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        for (var i = 0; i < 12; i++)
        {
            for (var failure = 0; failure < 3; failure++)
                await app.FailToSignInAsync(Anns, isCaptured: false);
            Assert.True((await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7", "Thief/1.0")).IsAccepted);
        }

        Assert.Equal(
            12, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.SucceededAfterFailures)));
        Assert.Equal(10, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success)));
        Assert.Equal(2, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureProblem == AlertGrouping.NotMailed)));
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(3, 0, true)]
    [InlineData(3, 59, true)]
    [InlineData(3, 61, false)]
    public async Task Success_is_reported_after_three_failures_within_the_hour(int failures, int minutesLater, bool told)
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        for (var i = 0; i < failures; i++)
            await app.FailToSignInAsync(Anns, isCaptured: false);
        _clock.Advance(TimeSpan.FromMinutes(minutesLater));

        var submission = await app.SubmitAsync(Anns, passwordIsRight: true, isCaptured: false);

        Assert.True(submission.IsAccepted);
        Assert.Equal(told, submission.EntryId is not null);
    }

    [Fact]
    public async Task Owners_own_sign_in_does_not_hide_an_attackers_guesses()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        for (var i = 0; i < 4; i++)
            await app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);
        Assert.NotNull((await app.SubmitAsync(Anns, passwordIsRight: true, "192.168.1.20", isCaptured: false)).EntryId);
        await app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);

        var thief = await app.SubmitAsync(Anns, passwordIsRight: true, "203.0.113.9");

        Assert.NotNull(thief.EntryId);
        await app.WaitForAcceptedAsync(1);
        var mail = Assert.Single(app.Mails());
        Assert.Equal($"Sign-in to {Anns} on front door SUCCEEDED after 5 failures", mail.Subject);
        Assert.Contains("203.0.113.9", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Late_alert_mentions_the_successful_sign_in()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        var first = await app.FailToSignInAsync(Anns, isCaptured: false);
        for (var i = 0; i < 3; i++)
            await app.FailToSignInAsync(Anns, isCaptured: false);
        await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7");
        await app.WaitForAcceptedAsync(1);

        await app.CaptureAsync(first);
        await app.WaitForAcceptedAsync(2);
        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(3);

        foreach (var mail in app.Mails().Where(mail => !mail.Subject!.Contains("SUCCEEDED", StringComparison.Ordinal)))
        {
            var text = mail.PlainOnOneLine();
            Assert.Contains(
                $"After the first of these failed attempts, someone signed in to {Anns} with the right password", text,
                StringComparison.Ordinal);
            Assert.Contains("(198.51.100.7)", text, StringComparison.Ordinal);
            Assert.DoesNotContain("obody got in", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Deleting_the_entry_of_a_sign_in_does_not_stop_its_mail()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        for (var i = 0; i < 3; i++)
            await app.FailToSignInAsync(Anns, isCaptured: false);
        var success = await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7", isCaptured: false);
        _clock.Advance(TimeSpan.FromSeconds(1));
        using var thief = await app.VisitAsAsync(Anns);
        var entry = success.EntryId!.Value;
        await thief.SubmitAsync($"/delete_log/{entry}", new { });
        Assert.False(await app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == entry)));

        _clock.AdvanceMinutes(4);

        // One for the sign-in whose entry is gone, one for the browser's
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success && d.State == DeliveryState.Accepted),
            sent => sent == 2);
        var mail = Assert.Single(app.Mails(), mail => mail.TextBody!.Contains("198.51.100.7", StringComparison.Ordinal)
            && mail.Subject!.Contains("SUCCEEDED", StringComparison.Ordinal));
        Assert.Contains("The owner has deleted the entry.", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Through_the_form_a_sign_in_after_failures_looks_like_any_other()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var visitor = app.Visit("Form/1.0");
        for (var i = 0; i < 3; i++)
            await visitor.SignInAsync(Anns, "a wrong password");

        var answer = await visitor.SignInAsync(Anns, SentinelCamApp.Password);

        Assert.Equal("/dashboard", answer.Path);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success && d.State == DeliveryState.Accepted),
            sent => sent == 1);
        Assert.Equal(LoginOutcome.SucceededAfterFailures,
            await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.Outcome).LastAsync()));
    }
}
