using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>The mails of one account within a day.</summary>
[Trait("Database", "Both")]
public class MailLimitTests
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Mails_beyond_the_limit_of_a_day_are_counted_and_told_and_successes_are_still_mailed()
    {
        await using var app = await AnnsApp.StartAsync(_clock);
        var id = await app.ReadAsync(db => db.Users.Select(a => a.Id).SingleAsync());
        await AddMailsAsync(app, id, MailLimit.MaxPerDay);

        await app.FailAndCaptureAsync(_clock);
        await app.WaitForAsync(db => db.HeldBackMails.AsNoTracking().SingleOrDefaultAsync(), held => held is not null);
        _clock.AdvanceMinutes(10);
        await app.FailAndCaptureAsync(_clock);
        await app.FailAndCaptureAsync(_clock);
        Assert.True((await app.SubmitAsync(SentinelCamApp.AnnsEmail, passwordIsRight: true)).IsAccepted);
        await app.WaitForCapturesAsync();
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Success && d.State == DeliveryState.Accepted),
            sent => sent == 1);
        _clock.AdvanceMinutes(10);
        await app.WaitForClosedAlertsAsync();

        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync(d =>
            d.AlertId != null && d.Kind != MailKind.Success)));
        var count = await app.ReadAsync(db => db.HeldBackMails.Select(h => h.Count).SingleAsync());
        // The first mail of each of two alerts, and the summary of the second
        Assert.Equal(3, count);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(
            d => d.Kind == MailKind.MailLimit && d.State == DeliveryState.Accepted), sent => sent == 1);
        Assert.Contains(app.MailsTo(SentinelCamApp.AnnsEmail),
            mail => mail.PlainOnOneLine().Contains("You have had 200 emails within a day", StringComparison.Ordinal));

        _clock.Sleep(TimeSpan.FromDays(1));
        await using (var scope = app.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<MailLimit>().TellAsync(TestContext.Current.CancellationToken);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(
            d => d.Kind == MailKind.MailLimit && d.State == DeliveryState.Accepted), sent => sent == 2);
        Assert.Contains(app.MailsTo(SentinelCamApp.AnnsEmail),
            mail => mail.PlainOnOneLine().Contains("3 emails were left out", StringComparison.Ordinal));
        Assert.Equal(0, await app.ReadAsync(db => db.HeldBackMails.CountAsync()));

        // The next day has room again
        await app.FailAndCaptureAsync(_clock);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(
            d => d.AlertId != null && d.Kind == MailKind.Attempt && d.State == DeliveryState.Accepted), sent => sent == 1);
    }

    private Task AddMailsAsync(SentinelCamApp app, long id, int count) => app.ReadAsync(async db =>
    {
        var now = _clock.GetUtcNow();
        for (var i = 0; i < count; i++)
        {
            db.Add(new Delivery
            {
                Kind = MailKind.Attempt,
                RecipientId = id,
                Recipient = SentinelCamApp.AnnsEmail,
                MessageId = $"{i}@example.org",
                State = DeliveryState.Accepted,
                CreatedAt = now,
                QueuedAt = now,
                DueAt = now,
            });
        }

        return await db.SaveChangesAsync();
    });
}
