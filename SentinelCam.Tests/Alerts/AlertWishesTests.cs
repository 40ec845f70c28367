using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>What an owner wishes to be told, and what is told whatever they wish.</summary>
public class AlertWishesTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Alerting_from_the_third_failure_sends_one_mail_with_three_pictures()
    {
        await using var app = await StartAsync(account => account.AlertFrom = 3);
        for (var i = 1; i <= 2; i++)
            await FailAsync(app, $"203.0.113.{i}");
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));

        await FailAsync(app, "203.0.113.3");
        await app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(app.Mails());
        Assert.Equal(3, mail.Attachments.Count());
        var text = AlertMessageTests.OneLine(AlertMessageTests.Plain(mail));
        for (var i = 1; i <= 3; i++)
        {
            Assert.Contains($"(203.0.113.{i})", text, StringComparison.Ordinal);
            Assert.Contains($"Picture: attempt {i}: ", text, StringComparison.Ordinal);
            Assert.Contains($"Attempt: {i} of this burst", text, StringComparison.Ordinal);
        }

        // The three were told, so there is nothing to sum up
        _clock.AdvanceMinutes(8);
        await app.WaitForAsync(db => db.Alerts.CountAsync(a => a.ClosedAt == null), open => open == 0);
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Rapid_failures_before_the_mail_each_have_a_picture()
    {
        await using var app = await StartAsync(account => account.AlertFrom = 4);
        for (var i = 0; i < 6; i++)
            await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting), waiting => waiting == 0);

        Assert.Equal([1, 2, 3, 4], await app.ReadAsync(db => db.ImageLog.Where(e => e.Snapshot != null).OrderBy(e => e.Id).Select(e => e.LoginAttempt!.NumberInAlert).ToListAsync()));
        await app.WaitForAcceptedAsync(1);
        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);
        Assert.Contains("6 attempts in all", app.Mails()[1].Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_below_the_owners_threshold_are_only_logged()
    {
        await using var app = await StartAsync(account => account.AlertFrom = 10);
        for (var i = 0; i < 3; i++)
            await FailAsync(app);

        _clock.AdvanceMinutes(8);
        await app.WaitForAsync(db => db.Alerts.CountAsync(a => a.ClosedAt == null), open => open == 0);

        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        using var ann = await app.VisitAsAsync(Anns);
        Assert.Contains("No mail: alerts were paused, or fewer failures came than you want to be told of", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_quiet_period_applies()
    {
        await using var app = await StartAsync(account => account.QuietMinutes = 60);
        await FailAsync(app);
        _clock.AdvanceMinutes(50);
        await FailAsync(app);

        Assert.Equal(1, await app.ReadAsync(db => db.Alerts.CountAsync()));
    }

    [Fact]
    public async Task Pause_holds_back_mails_until_it_ends_but_no_pictures()
    {
        var until = _clock.GetUtcNow().AddMinutes(30);
        await using var app = await StartAsync(account => account.PausedUntil = until);
        await FailAsync(app);
        _clock.AdvanceMinutes(10);
        await FailAsync(app);
        _clock.AdvanceMinutes(10);
        await app.WaitForAsync(db => db.Alerts.CountAsync(a => a.ClosedAt == null), open => open == 0);
        Assert.Equal(2, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));

        _clock.AdvanceMinutes(10);
        await FailAsync(app);
        await app.WaitForAcceptedAsync(1);
    }

    [Fact]
    public async Task Sign_in_after_three_failures_is_photographed_and_mailed_at_once_despite_quiet_period_and_pause()
    {
        await using var app = await StartAsync();
        for (var i = 0; i < 3; i++)
            await FailAsync(app, "203.0.113.1");
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
        var text = AlertMessageTests.OneLine(AlertMessageTests.Plain(mail));
        Assert.Contains("198.51.100.7", text, StringComparison.Ordinal);
        Assert.Contains("Thief/1.0", text, StringComparison.Ordinal);
        Assert.Contains("somebody knows your password", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Nobody got in", text, StringComparison.Ordinal);
        var entry = await app.ReadAsync(db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).SingleAsync(e => e.Trigger == CaptureTrigger.SuccessAfterFailures));
        Assert.NotNull(entry.Snapshot);
        using var ann = await app.VisitAsAsync(Anns);
        var success = (await ann.GetAsync("/userdata?Trigger=SuccessAfterFailures")).Main;
        Assert.Contains("Sign-in after failures for ", success, StringComparison.Ordinal);
        Assert.Contains("Alert of a sign-in after failures to ", success, StringComparison.Ordinal);

        // It is no failure: neither counted, nor summed up, nor listed as one
        Assert.Equal(3, await app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        Assert.DoesNotContain("198.51.100.7", (await ann.GetAsync("/dashboard")).Document.QuerySelector("table")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_such_sign_ins_an_hour_are_mailed_and_all_are_recorded()
    {
        await using var app = await StartAsync();
        for (var i = 0; i < 12; i++)
        {
            for (var failure = 0; failure < 3; failure++)
                await app.FailToSignInAsync(Anns, isCaptured: false);
            Assert.True((await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7", "Thief/1.0")).IsAccepted);
        }

        Assert.Equal(12, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.SucceededAfterFailures)));
        Assert.Equal(10, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success)));
        Assert.Equal(2, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureProblem == AlertGrouping.NotTold)));
    }

    [Fact]
    public async Task Entry_deleted_before_its_picture_is_still_mailed()
    {
        await using var app = await StartAsync();
        using var ann = await app.VisitAsAsync(Anns);
        var entry = await app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);

        await ann.SubmitAsync($"/delete_log/{entry}", new { });
        Assert.Equal(0, await app.ReadAsync(db => db.ImageLog.CountAsync()));
        _clock.AdvanceMinutes(4);
        await app.WaitForAcceptedAsync(1);

        var text = AlertMessageTests.OneLine(AlertMessageTests.Plain(Assert.Single(app.Mails())));
        Assert.Contains("203.0.113.9", text, StringComparison.Ordinal);
        Assert.Contains("The owner has deleted the entry.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(3, 0, true)]
    [InlineData(3, 59, true)]
    [InlineData(3, 61, false)]
    public async Task Success_is_reported_after_three_failures_within_the_hour(int failures, int minutesLater, bool told)
    {
        await using var app = await StartAsync();
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
        await using var app = await StartAsync();
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
        await using var app = await StartAsync();
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
            var text = AlertMessageTests.OneLine(AlertMessageTests.Plain(mail));
            Assert.Contains($"Since the first of these failures somebody signed in to {Anns} with the right password", text, StringComparison.Ordinal);
            Assert.Contains("(198.51.100.7)", text, StringComparison.Ordinal);
            Assert.DoesNotContain("obody got in", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Mail_waits_for_the_pictures_of_earlier_attempts_and_each_entry_shows_it()
    {
        await using var app = await StartAsync(account => account.AlertFrom = 3);
        using var ann = await app.VisitAsAsync(Anns);
        var first = await app.FailToSignInAsync(Anns, isCaptured: false);
        var second = await app.FailToSignInAsync(Anns, isCaptured: false);
        var third = await app.FailToSignInAsync(Anns, isCaptured: false);
        Assert.Equal(2, (await ann.GetAsync("/userdata")).Main.Split("Comes along with the mail about attempt 3 of this burst").Length - 1);
        await app.CaptureAsync(third);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(), planned => planned == 1);
        await app.CaptureAsync(first);
        await app.WaitForAsync(db => db.Snapshots.CountAsync(), taken => taken == 2);
        Assert.Empty(app.Mails());

        await app.CaptureAsync(second);
        await app.WaitForAcceptedAsync(1);

        Assert.Equal(3, Assert.Single(app.Mails()).Attachments.Count());
        Assert.Equal(3, (await ann.GetAsync("/userdata")).Main.Split("accepted by the outbox").Length - 1);
    }

    [Fact]
    public async Task Missing_picture_delays_the_mail_by_seconds_only()
    {
        await using var app = await StartAsync(account => account.AlertFrom = 2);
        await app.FailToSignInAsync(Anns, isCaptured: false);
        await app.FailToSignInAsync(Anns);

        var due = await app.WaitForAsync(db => db.Deliveries.Select(d => (DateTimeOffset?)d.DueAt).SingleOrDefaultAsync(), planned => planned is not null);

        Assert.InRange(due!.Value - _clock.GetUtcNow(), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
        _clock.Advance(TimeSpan.FromSeconds(13));
        await app.WaitForAcceptedAsync(1);
    }

    [Fact]
    public async Task Suspended_owner_does_not_get_a_waiting_mail()
    {
        await using var app = await StartAsync();
        var bob = await app.AddAccountAsync("Bob", Household.Bobs);
        var entry = await app.FailToSignInAsync(Household.Bobs, isCaptured: false);
        await app.ReadAsync(async db =>
        {
            db.Add(new Delivery { Kind = MailKind.Attempt, AlertId = (await db.Alerts.SingleAsync()).Id, EntryId = entry, RecipientId = bob, Recipient = Household.Bobs, MessageId = "1@example.org", DueAt = _clock.GetUtcNow() });
            await db.SaveChangesAsync();
            return await db.Users.Where(a => a.Id == bob).ExecuteUpdateAsync(set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null));
        });

        _clock.AdvanceMinutes(4);

        var reply = await app.WaitForAsync(db => db.Deliveries.Where(d => d.RecipientId == bob && d.State == DeliveryState.Failed).Select(d => d.LastReply).SingleOrDefaultAsync(), failed => failed is not null);
        Assert.Contains("suspended", reply, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Mails(), mail => mail.To.ToString().Contains(Household.Bobs, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deleting_the_entry_of_a_sign_in_does_not_stop_its_mail()
    {
        await using var app = await StartAsync();
        for (var i = 0; i < 3; i++)
            await app.FailToSignInAsync(Anns, isCaptured: false);
        var success = await app.SubmitAsync(Anns, passwordIsRight: true, "198.51.100.7", isCaptured: false);
        _clock.Advance(TimeSpan.FromSeconds(1));
        using var thief = await app.VisitAsAsync(Anns);
        var entry = success.EntryId!.Value;
        await thief.SubmitAsync($"/delete_log/{entry}", new { });
        Assert.False(await app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == entry)));

        _clock.AdvanceMinutes(4);

        // One about the sign-in whose entry is gone, one about that of the browser
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success && d.State == DeliveryState.Accepted), sent => sent == 2);
        var mail = Assert.Single(app.Mails(), mail => mail.TextBody!.Contains("198.51.100.7", StringComparison.Ordinal) && mail.Subject!.Contains("SUCCEEDED", StringComparison.Ordinal));
        Assert.Contains("The owner has deleted the entry.", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Through_the_form_a_sign_in_after_failures_looks_like_any_other()
    {
        await using var app = await StartAsync();
        using var visitor = app.Visit("Form/1.0");
        for (var i = 0; i < 3; i++)
            await visitor.SignInAsync(Anns, "a wrong password");

        var answer = await visitor.SignInAsync(Anns, SentinelCamApp.Password);

        Assert.Equal("/dashboard", answer.Path);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success && d.State == DeliveryState.Accepted), sent => sent == 1);
        Assert.Equal(LoginOutcome.SucceededAfterFailures, await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.Outcome).LastAsync()));
    }

    private async Task<SentinelCamApp> StartAsync(Action<Account>? wishes = null)
    {
        var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.ReadAsync(async db =>
        {
            wishes?.Invoke(await db.Users.SingleAsync());
            return await db.SaveChangesAsync();
        });
        return app;
    }

    /// <summary>A failure whose picture is taken, and two seconds.</summary>
    private async Task FailAsync(SentinelCamApp app, string remoteAddress = "127.0.0.1")
    {
        await app.FailToSignInAsync(Anns, remoteAddress);
        await app.WaitForAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting), waiting => waiting == 0);
        _clock.Advance(TimeSpan.FromSeconds(2));
    }
}
