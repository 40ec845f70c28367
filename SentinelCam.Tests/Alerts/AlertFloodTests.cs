using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Alerts;

/// <summary>A flood of guesses is recorded in full, and costs few pictures and few mails.</summary>
public class AlertFloodTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Flood_costs_two_mails_and_one_picture_a_second_and_every_attempt_is_counted()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        const int Attempts = 120;
        for (var i = 0; i < Attempts; i++)
        {
            await app.FailToSignInAsync(Anns, $"203.0.113.{i % 12}");
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        await app.WaitForCapturesAsync();
        await app.WaitForAcceptedAsync(1);
        var captured = await app.ReadAsync(
            db => db.ImageLog.Where(e => e.Snapshot != null).OrderBy(e => e.Id).Select(e => e.At).ToListAsync());
        Assert.Equal(12, captured.Count);
        Assert.All(captured.Zip(captured.Skip(1)), pair => Assert.True(pair.Second - pair.First >= AlertOptions.CaptureSpacing));
        Assert.Equal(Attempts, await app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.Equal(
            Attempts - 12,
                await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureProblem == AlertGrouping.NotPhotographed)));
        Assert.Contains(
            "at most one picture per second", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);

        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);
        _clock.AdvanceMinutes(8);

        var alert = await app.ReadAsync(db => db.Alerts.SingleAsync());
        Assert.Equal((Attempts, 12), (alert.Attempts, alert.Captures));
        var mails = app.Mails();
        Assert.Equal(2, mails.Count);
        var summary = mails[1];
        Assert.Equal((mails[0].MessageId, mails[0].MessageId), (summary.InReplyTo, Assert.Single(summary.References)));
        var text = summary.PlainOnOneLine();
        Assert.Contains($"Attempts: {Attempts}", text, StringComparison.Ordinal);
        Assert.Contains("First: Tuesday, 1 January 2030 at 12:00:00", text, StringComparison.Ordinal);
        Assert.Contains("Last: Tuesday, 1 January 2030 at 12:00:11", text, StringComparison.Ordinal);
        Assert.Contains("a remote address (203.0.113.11): 10 attempts", text, StringComparison.Ordinal);
        Assert.Contains("2 more addresses", text, StringComparison.Ordinal);
        Assert.Equal(5, summary.Attachments.Count());
    }

    [Fact]
    public async Task Alert_has_at_most_a_hundred_pictures()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < 110; i++)
        {
            await app.FailToSignInAsync(Anns, isCaptured: false);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var alert = await app.ReadAsync(db => db.Alerts.SingleAsync());
        Assert.Equal((110, AlertOptions.MaxCaptures), (alert.Attempts, alert.Captures));
        Assert.Equal(
            10, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureProblem == AlertGrouping.NotPhotographed)));
        Assert.Equal(Enumerable.Range(1, 110),
            await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.NumberInAlert).ToListAsync()));
    }

    [Fact]
    public async Task Summary_contains_the_five_best_pictures()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var entries = new List<long>();
        for (var i = 0; i < 8; i++)
        {
            entries.Add(await app.FailToSignInAsync(Anns));
            _clock.Advance(TimeSpan.FromSeconds(2));
        }

        await app.WaitForAsync(db => db.Snapshots.CountAsync(), taken => taken == 8);
        // 1 and 2 are black, 3 and 4 unchecked, 5 to 8 good, and 8 is the sharpest
        var scores = new Dictionary<int, double> { [5] = 3, [6] = 9, [7] = 5, [8] = 10 };
        for (var number = 1; number <= 8; number++)
        {
            var (entry, score) = (entries[number - 1], scores.TryGetValue(number, out var known) ? (double?)known : null);
            var quality = number switch
            {
                1 or 2 => FrameQuality.Black,
                3 or 4 => FrameQuality.Unchecked,
                _ => FrameQuality.Good,
            };
            await app.ReadAsync(db => db.Snapshots.Where(s => s.EntryId == entry)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.Score, score).SetProperty(s => s.Quality, quality)));
        }

        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(2);

        var text = app.Mails()[1].PlainOnOneLine();
        Assert.Equal([3, 5, 6, 7, 8],
            Enumerable.Range(1, 8).Where(number => text.Contains($"Picture: attempt {number}:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Attacker_with_many_addresses_triggers_ten_alerts_an_hour_and_one_summary()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < 40; i++)
            await app.FailToSignInAsync($"guess{i}@example.org", $"2001:db8:0:{i:x}::1");
        await app.WaitForAcceptedAsync(AlertOptions.MaxOwnerlessPerHour);

        _clock.AdvanceMinutes(8);
        await app.WaitForAcceptedAsync(AlertOptions.MaxOwnerlessPerHour + 1);
        await app.WaitForClosedAlertsAsync();

        Assert.Equal(40, await app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        var mails = app.Mails();
        Assert.Equal(AlertOptions.MaxOwnerlessPerHour + 1, mails.Count);
        Assert.Contains("several accounts", mails[^1].Subject, StringComparison.Ordinal);
        Assert.Contains("30 attempts in all", mails[^1].Subject, StringComparison.Ordinal);

        // An hour later new addresses get their own alerts again
        _clock.AdvanceMinutes(60);
        await app.FailToSignInAsync("guess@example.org", "2001:db8:1::1");
        await app.WaitForAcceptedAsync(AlertOptions.MaxOwnerlessPerHour + 2);
    }

    [Fact]
    public async Task Addresses_of_one_network_count_as_one_visitor()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var i = 1; i <= 20; i++)
            await app.FailToSignInAsync("guess@example.org", $"2001:db8::{i:x}", isCaptured: false);

        Assert.Equal("2001:db8::/64", await app.ReadAsync(db => db.Alerts.Select(a => a.RemoteNetwork).SingleAsync()));
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("fe80::1%3", "fe80::/64")]
    [InlineData("unknown", "unknown")]
    public void Network_is_an_IPv4_address_or_the_first_half_of_an_IPv6_address(string address, string network) =>
        Assert.Equal(network, RemoteNetwork.Of(address));

    [Fact]
    public async Task Clock_set_back_delays_no_picture_mail_or_sign_in()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await app.FailToSignInAsync(Anns, isCaptured: false);
        // As if a clock an hour ahead had written all this
        var ahead = TimeSpan.FromHours(1);
        await app.ReadAsync(async db =>
        {
            foreach (var alert in await db.Alerts.ToListAsync())
                (alert.OpenedAt, alert.ClosesAt, alert.LastCaptureAt) =
                    (alert.OpenedAt + ahead, alert.ClosesAt + ahead, alert.LastCaptureAt + ahead);
            foreach (var entry in await db.ImageLog.Include(e => e.LoginAttempt).ToListAsync())
                (entry.At, entry.CaptureDueAt, entry.LoginAttempt!.At) =
                    (entry.At + ahead, entry.CaptureDueAt + ahead, entry.At + ahead);
            foreach (var account in await db.Users.ToListAsync())
                account.LockoutEnd += ahead;
            return await db.SaveChangesAsync();
        });

        var joined = await app.SubmitAsync(Anns, passwordIsRight: false);
        Assert.Null(
            await app.ReadAsync(
                db => db.ImageLog.Where(e => e.Id == joined.EntryId).Select(e => e.CaptureProblem).SingleAsync()));
        Assert.True((await app.SubmitAsync(Anns, passwordIsRight: true)).IsAccepted);

        _clock.AdvanceMinutes(10);
        await app.WaitForCapturesAsync();
        await app.WaitForClosedAlertsAsync();
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Accepted && d.Kind == MailKind.Summary),
            sent => sent == 1);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), open => open == 0);
        Assert.Equal(6, await app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
    }

    [Theory]
    [InlineData(DeliveryState.Waiting, 0, 60)]
    [InlineData(DeliveryState.Waiting, 3, 62)]
    [InlineData(DeliveryState.Sending, 1, 60)]
    public async Task Mail_postponed_by_a_clock_that_was_ahead_leaves_within_minutes(
        DeliveryState state, int tries, int minutesAhead)
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);
        var due = _clock.GetUtcNow().AddMinutes(minutesAhead);
        DateTimeOffset? sendingSince = state is DeliveryState.Sending ? due : null;
        await app.ReadAsync(db => db.Deliveries.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, state).SetProperty(d => d.Tries, tries).SetProperty(d => d.SendingSince, sendingSince)
            .SetProperty(d => d.DueAt, due).SetProperty(d => d.CreatedAt, due).SetProperty(d => d.QueuedAt, due)
            .SetProperty(d => d.AcceptedAt, (DateTimeOffset?)null)));

        _clock.AdvanceMinutes(4);

        await app.WaitForAcceptedAsync(1);
        Assert.True(_clock.GetUtcNow() < due);
    }
}
