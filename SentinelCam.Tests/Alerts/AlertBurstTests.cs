using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>One burst of attempts, few mails.</summary>
[Trait("Database", "Both")]
public class AlertBurstTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task First_attempt_is_mailed_at_once_the_others_join_and_one_summary_closes_the_alert()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns, "203.0.113.1");
        await app.WaitForAcceptedAsync(1);
        _clock.Advance(TimeSpan.FromMinutes(4));
        await app.FailToSignInAsync(Anns, "203.0.113.2");
        await app.WaitForCapturesAsync();
        _clock.Advance(TimeSpan.FromMinutes(4));
        await app.FailToSignInAsync(Anns, "203.0.113.3");
        await app.WaitForCapturesAsync();

        // All three have a picture and share the alert; only the first has a mail
        Assert.Equal(3, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Equal(1, await app.ReadAsync(db => db.Alerts.CountAsync()));
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        Assert.Contains("Part of the alert that began", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);

        // After the quiet period one summary in the same thread closes the alert
        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);
        _clock.AdvanceMinutes(8);
        var mails = app.Mails();
        Assert.Equal(2, mails.Count);
        Assert.Equal(mails[0].MessageId, mails[1].InReplyTo);
        Assert.Contains("3 attempts in all", mails[1].Subject, StringComparison.Ordinal);
        for (var i = 1; i <= 3; i++)
            Assert.Contains($"203.0.113.{i}", mails[1].TextBody, StringComparison.Ordinal);

        // The next attempt opens a new alert
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(3);
        Assert.Equal(2, await app.ReadAsync(db => db.Alerts.CountAsync()));
    }

    [Fact]
    public async Task Overdue_picture_of_a_joined_attempt_is_skipped_and_the_log_says_so()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);
        var late = await app.FailToSignInAsync(Anns, isCaptured: false);
        var longAgo = _clock.GetUtcNow() - TimeSpan.FromMinutes(3);
        await app.ReadAsync(
            db => db.ImageLog.Where(e => e.Id == late).ExecuteUpdateAsync(set => set.SetProperty(e => e.At, longAgo)));

        _clock.AdvanceMinutes(3);

        var problem = await app.WaitForAsync(
            db => db.ImageLog.Where(e => e.Id == late && e.CaptureState == CaptureState.Failed).Select(e => e.CaptureProblem)
                .SingleOrDefaultAsync(),
            found => found is not null);
        Assert.Contains(problem!, (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Equal(1, await app.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Single_attempt_gets_no_summary()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        _clock.AdvanceMinutes(8);

        await app.WaitForClosedAlertsAsync();
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Endless_burst_gets_a_summary_after_an_hour()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < 16; i++)
        {
            await app.FailToSignInAsync(Anns, isCaptured: false);
            _clock.AdvanceMinutes(4);
        }

        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Summary && d.State == DeliveryState.Accepted),
            summaries => summaries == 1);
        var alerts = await app.ReadAsync(db => db.Alerts.OrderBy(a => a.Id).ToListAsync());
        Assert.Equal(2, alerts.Count);
        Assert.Equal(alerts[0].OpenedAt + TimeSpan.FromHours(1), alerts[0].ClosesAt);
        Assert.Equal(15, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.AlertId == alerts[0].Id)));
    }

    [Fact]
    public async Task Without_a_quiet_period_each_attempt_is_mailed()
    {
        await using var app = await SentinelCamApp.StartAsync(
            _clock, Household.CheapPasswords, ("Alerts:QuietPeriod", "00:00:00"));
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < 3; i++)
            await app.FailToSignInAsync(Anns);

        await app.WaitForAcceptedAsync(3);
        _clock.AdvanceMinutes(4);

        await app.WaitForClosedAlertsAsync();
        Assert.All(await app.ReadAsync(db => db.Deliveries.Select(d => d.Kind).ToListAsync()),
            kind => Assert.Equal(MailKind.Attempt, kind));
        Assert.Equal(3, app.Mails().Count);
    }

    [Fact]
    public async Task Guesses_at_unknown_accounts_are_grouped_by_address_and_mailed_to_administrators()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        await app.FailToSignInAsync("root@example.org", "203.0.113.1");
        await app.FailToSignInAsync("admin@example.org", "203.0.113.1");
        await app.FailToSignInAsync("admin@example.org", "203.0.113.2");
        await app.FailToSignInAsync(Household.Bobs, "203.0.113.1");
        await app.WaitForCapturesAsync();
        await app.WaitForAcceptedAsync(3);

        var alerts = await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.AlertId).ToListAsync());
        Assert.Equal(alerts[0], alerts[1]);
        Assert.Equal(3, alerts.Distinct().Count());
        var recipients = await app.ReadAsync(db => db.Deliveries.OrderBy(d => d.AlertId).Select(d => d.Recipient).ToListAsync());
        Assert.Equal([Anns, Anns, Household.Bobs], recipients);
        Assert.Equal(3, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.OwnerId == null)));
    }
}
