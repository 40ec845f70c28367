using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>What a device does about answers other than the one it hopes for.</summary>
[Trait("Database", "Both")]
public class RefusedReportTests
{
    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.InternalServerError)]
    // Another server, which knows nothing of reports
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.MovedPermanently)]
    public async Task Report_that_is_refused_holds_up_no_other_and_the_device_tells_its_owner(HttpStatusCode status)
    {
        await using var mails = ScriptedSmtpServer.Start();
        await using var pair = await DevicePair.StartAsync(mails, ("Alerts:QuietPeriod", "00:00:00"));
        pair.Proxy.IsOffline = true;
        var refused = await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        for (var i = 2; i <= 4; i++)
            await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, $"203.0.113.{i}");
        await pair.Device.WaitForCapturesAsync();
        pair.Proxy.Instead = path => path == $"/api/devices/entries/{refused}" ? (int)status : null;
        pair.Proxy.IsOffline = false;

        await pair.Device.WaitForAsync(
            db => db.Forwards.CountAsync(f => f.State == ForwardState.Done), done => done == 3,
            meanwhile: () => pair.Clock.Advance(TimeSpan.FromSeconds(5)));
        await pair.Device.WaitForAcceptedAsync(1);

        Assert.Contains("203.0.113.1", Assert.Single(mails.Mails).PlainOnOneLine(), StringComparison.Ordinal);
        pair.Proxy.Instead = _ => null;
        await pair.WaitForReportsAsync(TimeSpan.FromMinutes(10));
        await pair.Central.WaitForAcceptedAsync(3);
        var told = await pair.Central.ReadAsync(db => db.LoginAttempts.Where(a => a.ReportedBy != null)
            .ToDictionaryAsync(a => a.RemoteAddress, a => a.ToldBy));
        Assert.Equal(4, told.Count);
        Assert.Equal(ToldBy.Device, told["203.0.113.1"]);
        Assert.Equal(3, pair.Central.MailsTo(SentinelCamApp.AnnsEmail).Count);
        Assert.Single(mails.Mails);
    }

    [Fact]
    public async Task Device_that_was_revoked_after_a_lost_answer_tells_only_what_has_not_arrived()
    {
        await using var mails = ScriptedSmtpServer.Start();
        await using var pair = await DevicePair.StartAsync(mails, ("Alerts:QuietPeriod", "00:00:00"));
        // The report arrives, and its answer is lost
        pair.Proxy.LosesEach = 1;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await pair.Device.WaitForCapturesAsync();
        await pair.Central.WaitForAsync(db => db.ImageLog.CountAsync(), count => count == 1);
        pair.Proxy.IsOffline = true;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.2");
        await pair.Device.WaitForCapturesAsync();
        var id = await pair.Central.ReadAsync(db => db.ReportingDevices.Select(d => d.Id).SingleAsync());
        await pair.Ann.SubmitAsync("/admin/nodes", new { }, $"/admin/nodes?id={id}&handler=Revoke");
        (pair.Proxy.LosesEach, pair.Proxy.IsOffline) = (0, false);

        await pair.Device.WaitForAsync(
            db => db.Forwards.CountAsync(f => f.IsTokenRefused), refused => refused == 2,
            meanwhile: () => pair.Clock.Advance(TimeSpan.FromSeconds(5)));
        await pair.Device.WaitForAcceptedAsync(1);
        await pair.Central.WaitForAcceptedAsync(1);

        Assert.Contains("203.0.113.2", Assert.Single(mails.Mails).PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains("203.0.113.1", Assert.Single(pair.Central.MailsTo(SentinelCamApp.AnnsEmail)).PlainOnOneLine(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Device_without_a_mail_server_leaves_it_to_the_central_side_to_tell()
    {
        await using var pair = await DevicePair.StartAsync();
        pair.Proxy.Instead = _ => (int)HttpStatusCode.Unauthorized;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await pair.Device.WaitForCapturesAsync();
        await pair.Device.WaitForAsync(db => db.Forwards.CountAsync(f => f.IsTokenRefused), refused => refused == 1);

        Assert.Contains("nobody is told", (await pair.AnnAtDevice.GetAsync("/dashboard")).Document
            .QuerySelector("#forward-trouble")!.TextContent, StringComparison.Ordinal);
        pair.Proxy.Instead = _ => null;
        await pair.WaitForReportsAsync(TimeSpan.FromMinutes(1));

        await pair.Central.WaitForAcceptedAsync(1);
        Assert.Single(pair.Central.MailsTo(SentinelCamApp.AnnsEmail));
        Assert.Equal(0, await pair.Device.ReadAsync(db => db.Deliveries.CountAsync()));
    }
}
