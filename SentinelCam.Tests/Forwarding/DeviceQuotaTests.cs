using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>How much a device may report in a day, such as one whose token was stolen.</summary>
[Trait("Database", "Both")]
public class DeviceQuotaTests(CentralSite central) : IClassFixture<CentralSite>
{
    [Fact]
    public async Task Pictures_beyond_the_day_are_refused_and_leave_nothing_behind()
    {
        var token = await central.App.EnrolAsync(central.Ann, "A thief", forAdministrators: false, Household.Bobs);
        var picture = CentralSite.Picture(TestJpeg.Demo());
        var size = (long)picture.Jpeg.Length;
        var entry = central.Entry() with { Epoch = "pictures", Picture = picture };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 1, entry));
        Assert.Equal((1, size), await DayAsync("A thief"));
        // A later version has it, too
        Assert.Equal(HttpStatusCode.OK, await central.App.ReportAsync(token, 1, entry with { Version = 2 }));
        Assert.Equal((1, size), await DayAsync("A thief"));
        await UseAsync("A thief", bytes: DeviceQuota.MaxPictureBytes - size + 1);
        var before = await central.App.CountPicturesAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, await central.App.ReportAsync(token, 2, entry));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await central.App.ReportAsync(token, 1, entry with { Version = 3 }));
        Assert.Equal(before, await central.App.CountPicturesAsync());
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 2, entry with { Picture = null }));
        // It takes nothing from other devices
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, 2, entry));

        await EndDayAsync("A thief");
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 3, entry));
        Assert.Equal((1, size), await DayAsync("A thief"));
    }

    [Fact]
    public async Task Pictures_that_arrive_at_once_share_what_is_left_of_the_day()
    {
        var token = await central.App.EnrolAsync(central.Ann, "A fast thief", forAdministrators: false, Household.Bobs);
        var picture = CentralSite.Picture(TestJpeg.Demo());
        var entry = central.Entry() with { Epoch = "atonce", Picture = picture };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 1, entry with { Picture = null }));
        await UseAsync("A fast thief", bytes: DeviceQuota.MaxPictureBytes - picture.Jpeg.Length);

        var answers = await Task.WhenAll(
            Enumerable.Range(2, 5).Select(id => central.App.ReportAsync(token, id, entry)));

        Assert.Single(answers, HttpStatusCode.Created);
        Assert.Equal(4, answers.Count(status => status is HttpStatusCode.UnprocessableEntity));
        Assert.Equal(await central.App.ReadAsync(db => db.Snapshots.CountAsync()), await central.App.CountPicturesAsync());
    }

    [Fact]
    public async Task New_entries_beyond_the_day_wait_until_the_next_one()
    {
        var token = await central.App.EnrolAsync(central.Ann, "A busy thief", forAdministrators: false, Household.Bobs);
        var entry = central.Entry() with { Epoch = "entries" };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 1, entry));
        await UseAsync("A busy thief", entries: DeviceQuota.MaxEntries);

        Assert.Equal((HttpStatusCode.TooManyRequests, null), await central.App.AskAsync(token, 2, entry));
        Assert.Equal(HttpStatusCode.OK, await central.App.ReportAsync(token, 1, entry with { Version = 2 }));
        Assert.Equal(2, await central.App.ReadAsync(
            db => db.ReceivedEntries.Where(r => r.Epoch == "entries").Select(r => r.Version).SingleAsync()));

        await EndDayAsync("A busy thief");
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(token, 2, entry));
    }

    [Fact]
    public async Task Honest_device_beyond_its_day_reports_without_pictures_and_its_entries_later()
    {
        await using var pair = await DevicePair.StartAsync(("Alerts:QuietPeriod", "00:00:00"));
        var now = pair.Clock.GetUtcNow();
        await pair.Central.ReadAsync(db => db.ReportingDevices.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.DayBeganAt, now)
            .SetProperty(d => d.DayPictureBytes, DeviceQuota.MaxPictureBytes)));
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await pair.Device.WaitForCapturesAsync();
        await pair.WaitThroughPausesAsync();
        Assert.Equal((CaptureState.Failed, "The picture is on the device only."), await pair.Central.ReadAsync(async db =>
        {
            var entry = await db.ImageLog.AsNoTracking().SingleAsync();
            return (entry.CaptureState, entry.CaptureProblem!);
        }));

        await pair.Central.ReadAsync(db => db.ReportingDevices.ExecuteUpdateAsync(
            set => set.SetProperty(d => d.DayEntries, DeviceQuota.MaxEntries)));
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.2");
        await pair.Device.WaitForAsync(db => db.Forwards.CountAsync(f => f.LastReply != null), waiting => waiting == 1);
        pair.Clock.Advance(TimeSpan.FromHours(23));
        await pair.WaitThroughPausesAsync();

        Assert.Equal(2, await pair.Central.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.True(pair.Clock.GetUtcNow() >= now + TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Pictures_of_a_device_beyond_its_share_go_before_older_ones_of_others()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(
            clock, Household.CheapPasswords, ("Retention:MaxBytes", $"{1 << 20}"), ("Capture:Frames", "1"));
        using var ann = await app.RegisterAnnAsync();
        var own = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await app.WaitForCapturesAsync();
        var token = await app.EnrolAsync(ann, "A thief", forAdministrators: false, SentinelCamApp.AnnsEmail);
        var entry = central.Entry() with { Owner = SentinelCamApp.AnnsEmail, Picture = CentralSite.Picture(TestJpeg.Demo()) };
        for (var i = 1; i <= 4; i++)
        {
            clock.AdvanceMinutes(1);
            Assert.Equal(HttpStatusCode.Created, await app.ReportAsync(token, i, entry));
        }

        clock.AdvanceMinutes(120);
        await app.WaitForClosedAlertsAsync();
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), left => left == 0);
        // As large as all that may be kept
        await app.ReadAsync(db => db.Snapshots.ExecuteUpdateAsync(set => set.SetProperty(s => s.Bytes, (1 << 20) / 4)));

        await using var scope = app.Services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider)
            .RunAsync(TestContext.Current.CancellationToken);

        var left = await app.ReadAsync(db => db.Snapshots.Select(s => s.EntryId).ToListAsync());
        Assert.Equal(4, left.Count);
        Assert.Contains(own, left);
    }

    private Task<(int Entries, long Bytes)> DayAsync(string device) => central.App.ReadAsync(async db =>
    {
        var row = await db.ReportingDevices.AsNoTracking().SingleAsync(d => d.Name == device);
        return (row.DayEntries, row.DayPictureBytes);
    });

    private Task UseAsync(string device, int entries = 0, long bytes = 0) => central.App.ReadAsync(
        db => db.ReportingDevices.Where(d => d.Name == device).ExecuteUpdateAsync(set => set
            .SetProperty(d => d.DayEntries, entries)
            .SetProperty(d => d.DayPictureBytes, bytes)));

    /// <summary>Lets the day begin so long ago that it is over. Moving the clock would end Ann's session.</summary>
    private Task EndDayAsync(string device)
    {
        var yesterday = central.Clock.GetUtcNow().AddDays(-1);
        return central.App.ReadAsync(db => db.ReportingDevices.Where(d => d.Name == device)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DayBeganAt, yesterday)));
    }
}
