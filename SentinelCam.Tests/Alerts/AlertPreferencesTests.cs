using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>An owner decides when to get alerts.</summary>
public class AlertPreferencesTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Alerting_from_the_third_failure_sends_one_mail_with_three_pictures()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.AlertFrom = 3);
        for (var i = 1; i <= 2; i++)
            await app.FailAndCaptureAsync(_clock, $"203.0.113.{i}");
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));

        await app.FailAndCaptureAsync(_clock, "203.0.113.3");
        await app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(app.Mails());
        Assert.Equal(3, mail.Attachments.Count());
        var text = mail.PlainOnOneLine();
        for (var i = 1; i <= 3; i++)
        {
            Assert.Contains($"(203.0.113.{i})", text, StringComparison.Ordinal);
            Assert.Contains($"Picture: attempt {i}: ", text, StringComparison.Ordinal);
            Assert.Contains(
                $"Attempt {i}: 12:00:0{2 * (i - 1)}, wrong password, from a remote address (203.0.113.{i})",
                text, StringComparison.Ordinal);
        }

        // The mail reported all three, so there is no summary
        _clock.AdvanceMinutes(8);
        await app.WaitForClosedAlertsAsync();
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Rapid_failures_before_the_mail_each_have_a_picture()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.AlertFrom = 4);
        for (var i = 0; i < 6; i++)
            await app.FailToSignInAsync(Anns);
        await app.WaitForCapturesAsync();

        Assert.Equal(
            [1, 2, 3, 4],
            await app.ReadAsync(db => db.ImageLog.Where(e => e.Snapshot != null).OrderBy(e => e.Id)
                .Select(e => e.LoginAttempt!.NumberInAlert).ToListAsync()));
        await app.WaitForAcceptedAsync(1);
        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);
        Assert.Contains("6 attempts in all", app.Mails()[1].Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_below_the_owners_threshold_are_only_logged()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.AlertFrom = 10);
        for (var i = 0; i < 3; i++)
            await app.FailAndCaptureAsync(_clock);

        _clock.AdvanceMinutes(8);
        await app.WaitForClosedAlertsAsync();

        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        using var ann = await app.VisitAsAsync(Anns);
        Assert.Contains("No email: alerts were paused, or there were fewer failures than you want to be told about",
            (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_quiet_period_applies()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.QuietMinutes = 60);
        await app.FailAndCaptureAsync(_clock);
        _clock.AdvanceMinutes(50);
        await app.FailAndCaptureAsync(_clock);

        Assert.Equal(1, await app.ReadAsync(db => db.Alerts.CountAsync()));
    }

    [Fact]
    public async Task Pause_holds_back_mails_until_it_ends_but_no_pictures()
    {
        var until = _clock.GetUtcNow().AddMinutes(30);
        await using var app = await AnnsApp.StartAsync(_clock, account => account.PausedUntil = until);
        await app.FailAndCaptureAsync(_clock);
        _clock.AdvanceMinutes(10);
        await app.FailAndCaptureAsync(_clock);
        _clock.AdvanceMinutes(10);
        await app.WaitForClosedAlertsAsync();
        Assert.Equal(2, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));

        _clock.AdvanceMinutes(10);
        await app.FailAndCaptureAsync(_clock);
        await app.WaitForAcceptedAsync(1);
    }

    [Fact]
    public async Task Entry_deleted_before_its_picture_is_still_mailed()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        using var ann = await app.VisitAsAsync(Anns);
        var entry = await app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);

        await ann.SubmitAsync($"/delete_log/{entry}", new { });
        Assert.Equal(0, await app.ReadAsync(db => db.ImageLog.CountAsync()));
        _clock.AdvanceMinutes(4);
        await app.WaitForAcceptedAsync(1);

        var text = Assert.Single(app.Mails()).PlainOnOneLine();
        Assert.Contains("203.0.113.9", text, StringComparison.Ordinal);
        Assert.Contains("The owner has deleted the entry.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_waits_for_the_pictures_of_earlier_attempts_and_each_entry_shows_it()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.AlertFrom = 3);
        using var ann = await app.VisitAsAsync(Anns);
        var first = await app.FailToSignInAsync(Anns, isCaptured: false);
        var second = await app.FailToSignInAsync(Anns, isCaptured: false);
        var third = await app.FailToSignInAsync(Anns, isCaptured: false);
        Assert.Equal(2,
            (await ann.GetAsync("/userdata")).Main.Split("Counted in the email about attempt 3 of this burst").Length - 1);
        await app.CaptureAsync(third);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(), planned => planned == 1);
        await app.CaptureAsync(first);
        await app.WaitForAsync(db => db.Snapshots.CountAsync(), taken => taken == 2);
        Assert.Empty(app.Mails());

        await app.CaptureAsync(second);
        await app.WaitForAcceptedAsync(1);

        Assert.Equal(3, Assert.Single(app.Mails()).Attachments.Count());
        Assert.Equal(3, (await ann.GetAsync("/userdata")).Main.Split("sent to the outbox").Length - 1);
    }

    [Fact]
    public async Task Missing_picture_delays_the_mail_by_seconds_only()
    {
        await using var app = await AnnsApp.StartAsync(_clock, account => account.AlertFrom = 2);
        await app.FailToSignInAsync(Anns, isCaptured: false);
        await app.FailToSignInAsync(Anns);

        var due = await app.WaitForAsync(
            db => db.Deliveries.Select(d => (DateTimeOffset?)d.DueAt).SingleOrDefaultAsync(), planned => planned is not null);

        Assert.InRange(due!.Value - _clock.GetUtcNow(), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
        _clock.Advance(TimeSpan.FromSeconds(13));
        await app.WaitForAcceptedAsync(1);
    }

    [Fact]
    public async Task Suspended_owner_does_not_get_a_waiting_mail()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        var bob = await app.AddAccountAsync("Bob", Household.Bobs);
        var entry = await app.FailToSignInAsync(Household.Bobs, isCaptured: false);
        await app.ReadAsync(async db =>
        {
            // In one commit, since a mail that is due leaves right after it
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Delivery
            {
                Kind = MailKind.Attempt,
                AlertId = (await db.Alerts.SingleAsync()).Id,
                EntryId = entry,
                RecipientId = bob,
                Recipient = Household.Bobs,
                MessageId = "1@example.org",
                DueAt = _clock.GetUtcNow(),
            });
            await db.SaveChangesAsync();
            await db.Users.Where(a => a.Id == bob)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null));
            await transaction.CommitAsync();
            return 0;
        });

        _clock.AdvanceMinutes(4);

        var reply = await app.WaitForAsync(db => db.Deliveries.Where(d => d.RecipientId == bob && d.State == DeliveryState.Failed)
            .Select(d => d.LastReply).SingleOrDefaultAsync(), failed => failed is not null);
        Assert.Contains("suspended", reply, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Mails(), mail => mail.To.ToString().Contains(Household.Bobs, StringComparison.Ordinal));
    }
}
