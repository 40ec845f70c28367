using System.Net;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>A device and a central SentinelCam, both real, with a network between them that loses what a test wants.</summary>
[Trait("Database", "Both")]
public class ForwardStoryTests
{
    [Fact]
    public async Task Three_hundred_entries_arrive_once_each_through_lost_answers_and_an_hour_offline()
    {
        const int Entries = 300;
        await using var pair = await DevicePair.StartAsync(("Alerts:QuietPeriod", "00:00:00"));
        pair.Proxy.LosesEach = 5;
        // The first versions, without pictures
        for (var i = 0; i < Entries / 2; i++)
            await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, $"203.0.113.{i}", isCaptured: false);
        await pair.WaitThroughPausesAsync();
        var early = await pair.Central.ReadAsync(db => db.ImageLog.CountAsync());

        pair.Proxy.IsOffline = true;
        for (var i = 0; i < Entries / 2; i++)
            await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, $"198.51.100.{i}");
        pair.Clock.AdvanceMinutes(60);
        await pair.WaitForPicturesAsync();
        Assert.Equal(early, await pair.Central.ReadAsync(db => db.ImageLog.CountAsync()));
        pair.Proxy.IsOffline = false;
        await pair.WaitThroughPausesAsync();

        Assert.InRange(early, 1, Entries / 2);
        Assert.True(pair.Proxy.Lost > Entries / 5, $"{pair.Proxy.Lost} answers were lost");
        var entries = await pair.Central.ReadAsync(
            db => db.ImageLog.Include(e => e.Snapshot).Include(e => e.LoginAttempt).ToListAsync());
        Assert.Equal(Entries, entries.Count);
        Assert.Equal(Entries, entries.Select(e => e.LoginAttempt!.RemoteAddress).Distinct().Count());
        Assert.All(entries, entry =>
        {
            Assert.Equal((CaptureState.Taken, DevicePair.Laptop), (entry.CaptureState, entry.LoginAttempt!.ReportedBy));
            Assert.NotNull(entry.Snapshot);
        });
        var store = pair.Central.Services.GetRequiredService<IPictureStore>();
        Assert.Empty((await pair.Central.ReadAsync(db => store.CheckAsync(db, TestContext.Current.CancellationToken))).Bad);
        Assert.Equal(
            (await pair.Device.ReadAsync(
                db => db.Snapshots.Where(s => s.EntryId != null).Select(s => s.Sha256).ToListAsync())).Order(),
            entries.Select(e => e.Snapshot!.Sha256).Order());
        // Nothing is left of the reports that were repeated
        Assert.Equal(
            await pair.Central.ReadAsync(db => db.Snapshots.CountAsync()), await pair.Central.CountPicturesAsync());
        var received = await pair.Central.ReadAsync(db => db.ReceivedEntries.ToListAsync());
        Assert.All(received, one => Assert.True(one.Version >= 2));
        Assert.Equal(Entries, await pair.Central.ReadAsync(db => db.ReportingDevices.Select(d => d.Received).SingleAsync()));

        // A failure postpones all reports, and few jobs run for nothing
        var jobs = pair.Device.Services.GetRequiredService<JobStorage>().GetMonitoringApi().GetStatistics();
        var (tries, others) = (await pair.Device.ReadAsync(db => db.Forwards.SumAsync(f => f.Tries)), 2 * Entries);
        Assert.InRange(jobs.Succeeded + jobs.Deleted, tries, tries + others + 8 * pair.Proxy.Lost);

        // Old copies that arrive late
        var before = await pair.Central.ReadAsync(db => db.ImageLog.AsNoTracking().OrderBy(e => e.Id).FirstAsync());
        var (path, body) = pair.Proxy.First!.Value;
        Assert.Equal(HttpStatusCode.OK, await pair.Central.ReportAsync(pair.Token, long.Parse(path.Split('/')[^1]), body));
        var after = await pair.Central.ReadAsync(db => db.ImageLog.AsNoTracking().OrderBy(e => e.Id).FirstAsync());
        Assert.Equal((before.CaptureState, before.CaptureProblem), (after.CaptureState, after.CaptureProblem));
        Assert.Equal(Entries, await pair.Central.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.Equal(0, await pair.Device.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task The_central_side_mails_with_picture_and_device_and_the_device_does_not()
    {
        await using var pair = await DevicePair.StartAsync();

        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.9");
        await pair.Device.WaitForCapturesAsync();
        await pair.WaitForReportsAsync(TimeSpan.Zero);
        await pair.Central.WaitForAcceptedAsync(1);

        var mail = Assert.Single(pair.Central.MailsTo(SentinelCamApp.AnnsEmail));
        Assert.Contains(DevicePair.Laptop, mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains(mail.BodyParts, part => part.ContentType.MimeType == "image/jpeg");
        Assert.Equal(0, await pair.Device.ReadAsync(db => db.Deliveries.CountAsync()));
        var page = await pair.Ann.GetAsync("/userdata");
        Assert.Contains($"on {DevicePair.Laptop}", page.Document.Body!.TextContent.OnOneLine(), StringComparison.Ordinal);
        Assert.Contains("Reported to the central SentinelCam", (await pair.AnnAtDevice.GetAsync("/userdata")).Text,
            StringComparison.Ordinal);
        Assert.Contains("Told by the central SentinelCam", (await pair.AnnAtDevice.GetAsync("/alerts")).Text,
            StringComparison.Ordinal);
        var nodes = await pair.Ann.GetAsync("/admin/nodes");
        Assert.Contains(DevicePair.Laptop, nodes.Document.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("right", nodes.Document.QuerySelector("td[data-of='Its clock']")!.TextContent, StringComparison.Ordinal);

        // The bursts of a device close there without a summary
        pair.Clock.AdvanceMinutes(10);
        await pair.Device.WaitForClosedAlertsAsync();
        Assert.Equal(0, await pair.Device.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task A_revoked_device_says_so_and_tells_its_owner_itself_until_it_has_a_new_token()
    {
        await using var mails = ScriptedSmtpServer.Start();
        await using var pair = await DevicePair.StartAsync(mails);
        var id = await pair.Central.ReadAsync(db => db.ReportingDevices.Select(d => d.Id).SingleAsync());
        await pair.Ann.SubmitAsync("/admin/nodes", new { }, $"/admin/nodes?id={id}&handler=Revoke");
        Assert.NotNull(await pair.Central.ReadAsync(db => db.ReportingDevices.Select(d => d.RevokedAt).SingleAsync()));

        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.9");
        await pair.Device.WaitForAcceptedAsync(1);
        var page = await pair.AnnAtDevice.GetAsync("/dashboard");
        Assert.NotNull(page.Document.QuerySelector("#forward-trouble"));
        Assert.Contains("token", (await pair.AnnAtDevice.GetAsync("/admin/device")).Text, StringComparison.Ordinal);

        var token = await pair.Central.EnrolAsync(pair.Ann, DevicePair.Laptop, false, SentinelCamApp.AnnsEmail);
        await using var again = await pair.Device.StartAgainAsync(pair.Clock, Household.CheapPasswords,
            [("Forward:Url", $"{pair.Proxy.Address}"), ("Forward:Token", token), .. mails.Settings]);
        await DevicePair.WaitForReportsAsync(again, pair.Clock, TimeSpan.FromMinutes(1));

        var attempt = await pair.Central.ReadAsync(db => db.LoginAttempts.SingleAsync(a => a.ReportedBy != null));
        Assert.Equal(ToldBy.Device, attempt.ToldBy);
        Assert.Single(mails.Mails);
        Assert.Equal(0, await pair.Central.ReadAsync(db => db.Deliveries.CountAsync(d => d.AlertId == attempt.AlertId)));
        Assert.Contains($"Told by {DevicePair.Laptop} itself", (await pair.Ann.GetAsync("/userdata")).Document.Body!.TextContent,
            StringComparison.Ordinal);
        using var ann = await again.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Null((await ann.GetAsync("/dashboard")).Document.QuerySelector("#forward-trouble"));
        var kinds = await pair.Central.ReadAsync(db => db.Activity.Select(a => a.Kind).ToListAsync());
        Assert.Contains(ActivityKind.DeviceRevoked, kinds);
        Assert.Equal(2, kinds.Count(kind => kind is ActivityKind.DeviceEnrolled));
    }

    [Fact]
    public async Task A_device_that_no_longer_reports_tells_its_owner_what_waited()
    {
        await using var pair = await DevicePair.StartAsync();
        pair.Proxy.IsOffline = true;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.9", isCaptured: false);
        await pair.Device.StopAsync();

        await using var again = await pair.Device.StartAgainAsync(pair.Clock, Household.CheapPasswords);
        pair.Clock.AdvanceMinutes(15);

        await DevicePair.WaitForReportsAsync(again, pair.Clock, TimeSpan.FromMinutes(1));
        await again.WaitForAcceptedAsync(1);
        Assert.Equal(0, await pair.Central.ReadAsync(db => db.ImageLog.CountAsync()));
    }

    [Fact]
    // The program backs up SQLite only
    [Trait("Pictures", "Files")]
    public async Task Restored_device_begins_another_epoch_and_what_waited_keeps_its_own()
    {
        await using var pair = await DevicePair.StartAsync();
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.9");
        await pair.Device.WaitForCapturesAsync();
        await pair.WaitForReportsAsync(TimeSpan.Zero);
        var folder = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        var (backup, elsewhere) = (Path.Combine(folder, "backup.zip"), Path.Combine(folder, "data"));
        try
        {
            Assert.Equal(0, (await CommandRun.OfAsync(pair.Device.DataDirectory, null, [], "backup", backup)).ExitCode);
            Assert.Equal(0, (await CommandRun.OfAsync(elsewhere, null, [], "restore", backup)).ExitCode);

            Assert.NotNull(await pair.Device.ReadAsync(db => db.DatabaseEpochs.SingleOrDefaultAsync()));
            Assert.Empty(StoredData.Query(elsewhere, "SELECT Value FROM DatabaseEpochs"));
            Assert.Equal(StoredData.Query(pair.Device.DataDirectory, "SELECT EntryId, Epoch FROM Forwards"),
                StoredData.Query(elsewhere, "SELECT EntryId, Epoch FROM Forwards"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
