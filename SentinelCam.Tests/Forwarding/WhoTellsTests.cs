using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>What the pages of a device say about its reports: whether they have arrived, and who tells the owner.</summary>
[Trait("Database", "Both")]
public class WhoTellsTests
{
    [Fact]
    public async Task Device_with_a_mail_server_says_that_it_tells_and_later_that_it_has_told()
    {
        await using var mails = ScriptedSmtpServer.Start();
        await using var pair = await DevicePair.StartAsync(mails);
        pair.Proxy.Instead = _ => (int)HttpStatusCode.Forbidden;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await pair.Device.WaitForCapturesAsync();
        await pair.Device.WaitForAcceptedAsync(1);

        Assert.Matches(
            "Not reported to the central SentinelCam: 127.0.0.1:[0-9]+ does not let this device report for this owner. "
            + "This device tells you. Told", await LogAsync(pair));
        Assert.Null(await BannerAsync(pair));
        pair.Clock.AdvanceMinutes(61);
        Assert.Contains("This device emails their owners itself.", await BannerAsync(pair), StringComparison.Ordinal);

        pair.Proxy.Instead = _ => null;
        await pair.WaitThroughPausesAsync();
        Assert.Matches(
            "Reported to the central SentinelCam at [0-9:]+. This device has told you, because the report was refused before.",
            await LogAsync(pair));
        Assert.Null(await BannerAsync(pair));
    }

    [Fact]
    public async Task Device_without_a_mail_server_says_that_nobody_tells_until_the_report_arrives()
    {
        await using var pair = await DevicePair.StartAsync();
        pair.Proxy.IsOffline = true;
        await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.1");
        await pair.Device.WaitForCapturesAsync();
        Assert.Contains("Not reported to the central SentinelCam yet. It tells you once it has the report.",
            await LogAsync(pair), StringComparison.Ordinal);
        pair.Clock.AdvanceMinutes(61);
        Assert.Null(await BannerAsync(pair));

        pair.Proxy.Instead = _ => (int)HttpStatusCode.NotFound;
        pair.Proxy.IsOffline = false;
        await pair.Device.WaitForAsync(db => db.Forwards.CountAsync(f => f.RefusedSince != null), refused => refused == 1,
            meanwhile: () => pair.Clock.Advance(TimeSpan.FromSeconds(5)));
        Assert.Contains("answered with status 404. This device has no mail server, so it cannot tell you.",
            await LogAsync(pair), StringComparison.Ordinal);
        Assert.Null(await BannerAsync(pair));
        pair.Clock.AdvanceMinutes(61);
        Assert.Contains("Nobody is told about them", await BannerAsync(pair), StringComparison.Ordinal);

        pair.Proxy.Instead = _ => null;
        await pair.WaitThroughPausesAsync();
        Assert.Matches("Reported to the central SentinelCam at [0-9:]+. It tells you.", await LogAsync(pair));
        Assert.Null(await BannerAsync(pair));
    }

    private static async Task<string> LogAsync(DevicePair pair) =>
        (await pair.AnnAtDevice.GetAsync("/userdata")).Document.Body!.TextContent.OnOneLine();

    private static async Task<string?> BannerAsync(DevicePair pair) =>
        (await pair.AnnAtDevice.GetAsync("/dashboard")).Document.QuerySelector("#forward-trouble")?.TextContent.OnOneLine();
}
