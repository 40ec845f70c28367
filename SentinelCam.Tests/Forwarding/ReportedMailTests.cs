using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>Which mails a central SentinelCam sends about what a device reports, also if the device makes it up.</summary>
[Trait("Database", "Both")]
public class ReportedMailTests(CentralSite central) : IClassFixture<CentralSite>
{
    [Fact]
    public async Task Made_up_users_and_times_do_not_bring_more_urgent_mails()
    {
        var now = central.Clock.GetUtcNow();
        var entry = central.Entry() with { Epoch = "urgent", Outcome = LoginOutcome.WrongCode, Origin = AttemptOrigin.WebPage };
        for (var i = 1; i <= 15; i++)
        {
            var at = now.AddHours(-i);
            Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, i,
                entry with { At = at, AccountTyped = $"bob{i}@example.org" }));
            Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, 100 + i,
                entry with
                {
                    At = at,
                    AccountTyped = $"bob{i}",
                    Outcome = LoginOutcome.SucceededAfterFailures,
                    Origin = AttemptOrigin.AtDevice,
                }));
        }

        var urgent = await central.App.ReadAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.KnownPassword || d.Kind == MailKind.Success));
        Assert.Equal(AlertOptions.MaxUrgentPerHour, urgent);
        Assert.Equal(30, await central.App.ReadAsync(db => db.ReceivedEntries.CountAsync(r => r.Epoch == "urgent")));
    }

    [Fact]
    public async Task What_a_device_has_told_is_not_summed_up_again()
    {
        // A device of its own: another test's attempts could be in the same alert
        var token = await central.App.EnrolAsync(central.Ann, "Bob's tablet", forAdministrators: false, Household.Bobs);
        var entry = central.Entry() with { Epoch = "told", IsTold = true };
        for (var i = 1; i <= 3; i++)
            Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, i, entry));
        central.Clock.AdvanceMinutes(10);
        await central.App.WaitForClosedAlertsAsync();

        var attempts = (await ReportedAsync("told")).ConvertAll(entry => entry.LoginAttempt!);
        Assert.Equal(3, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal(ToldBy.Device, attempt.ToldBy));
        var alert = attempts[0].AlertId;
        Assert.Equal(0, await central.App.ReadAsync(db => db.Deliveries.CountAsync(d => d.AlertId == alert)));
        Assert.Contains("Told by Bob's tablet itself", (await central.Bob.GetAsync("/userdata")).Document.Body!.TextContent,
            StringComparison.Ordinal);
        Assert.Contains("Told by Bob's tablet itself", (await central.Bob.GetAsync("/alerts")).Document.Body!.TextContent,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Device_that_makes_up_many_strangers_does_not_silence_the_site()
    {
        var token = await central.App.EnrolAsync(central.Ann, "A shared desk", forAdministrators: true);
        var entry = central.Entry() with
        {
            Epoch = "strangers",
            Owner = null,
            Outcome = LoginOutcome.UnknownAccount,
            Origin = AttemptOrigin.WebPage,
        };
        for (var i = 1; i <= AlertOptions.MaxOwnerlessPerHour + 2; i++)
        {
            Assert.Equal(HttpStatusCode.Created,
                await central.App.ReportAsync(token, i, entry with { RemoteAddress = $"203.0.{i}.9" }));
        }

        var shared = await central.App.ReadAsync(db => db.Alerts.Where(a => a.RemoteNetwork == Alert.ManyNetworks).ToListAsync());
        Assert.All(shared, alert => Assert.Equal("A shared desk", alert.ReportedBy));
        Assert.NotEmpty(shared);
        var local = await central.App.FailToSignInAsync("stranger@example.org", "198.51.100.7");
        Assert.Equal(ToldBy.OwnMail,
            await central.App.ReadAsync(
                db => db.ImageLog.Where(e => e.Id == local).Select(e => e.LoginAttempt!.ToldBy).SingleAsync()));
    }

    [Fact]
    public async Task Pictures_of_a_wrong_clock_age_from_their_arrival_and_no_time_is_in_the_future()
    {
        var now = central.Clock.GetUtcNow();
        foreach (var (id, year) in new[] { (1, 1970), (2, 2199) })
        {
            var then = new DateTimeOffset(year, 6, 1, 0, 0, 0, TimeSpan.Zero);
            var picture = CentralSite.Picture(TestJpeg.Demo()) with { TakenAt = then };
            var entry = central.Entry() with
            {
                Epoch = "ages",
                At = then,
                SentAt = then,
                LastAt = then,
                Count = 3,
                Picture = picture,
                Strip = [picture],
            };
            Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, id, entry));
        }

        var entries = await ReportedAsync("ages");
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry =>
        {
            Assert.Equal((now, now), (entry.Snapshot!.AgesFrom, entry.Snapshot.Strip.Single().AgesFrom));
            Assert.True(entry.At <= now && entry.LoginAttempt!.LastAt <= now);
        });
    }

    private async Task<List<ImageLogEntry>> ReportedAsync(string epoch) => await central.App.ReadAsync(
        db => db.ImageLog.Include(e => e.Snapshot!.Strip).Include(e => e.LoginAttempt)
            .Where(e => db.ReceivedEntries.Any(r => r.Epoch == epoch && r.EntryId == e.Id)).ToListAsync());
}
