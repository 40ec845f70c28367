using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>Reports that are too large for the connection, or for a proxy on the way.</summary>
[Trait("Database", "Both")]
public class SlowReportTests
{
    /// <summary>More than a report without pictures has.</summary>
    private const int Large = 5_000;

    /// <summary>More than the buffers of a connection hold.</summary>
    private const int Endless = 40 << 20;

    [Fact]
    public async Task Report_that_does_not_get_through_holds_up_no_other_and_arrives_without_its_picture()
    {
        await using var pair = await DevicePair.StartAsync(("Alerts:QuietPeriod", "00:00:00"));
        pair.Proxy.IsOffline = true;
        var ids = await FailAsync(pair, 4);
        pair.Proxy.GivesUpOn = request => request.Path == Path(ids[0]) && request.ContentLength > Large;
        pair.Proxy.IsOffline = false;

        await pair.Device.WaitForAsync(
            db => db.Forwards.CountAsync(f => ids.Skip(1).Contains(f.EntryId) && f.State == ForwardState.Done),
            done => done == 3, meanwhile: () => pair.Clock.Advance(TimeSpan.FromSeconds(5)));
        await pair.WaitThroughPausesAsync();

        var entries = await pair.Central.ReadAsync(
            db => db.ImageLog.Include(e => e.Snapshot).OrderBy(e => e.LoginAttempt!.RemoteAddress).ToListAsync());
        Assert.Equal(4, entries.Count);
        Assert.Equal((CaptureState.Failed, "The picture is on the device only."),
            (entries[0].CaptureState, entries[0].CaptureProblem));
        Assert.All(entries.Skip(1), entry => Assert.NotNull(entry.Snapshot));
        Assert.Equal(1, await pair.Device.ReadAsync(db => db.Snapshots.CountAsync(s => s.EntryId == ids[0])));
    }

    [Fact]
    public async Task Outage_behind_a_proxy_costs_no_picture()
    {
        await using var pair = await DevicePair.StartAsync(("Alerts:QuietPeriod", "00:00:00"));
        pair.Proxy.GivesUpOn = _ => true;
        await FailAsync(pair, 3);
        await pair.Device.WaitForAsync(db => db.Forwards.SumAsync(f => f.Tries), tries => tries >= 12,
            meanwhile: () => pair.Clock.AdvanceMinutes(10));
        Assert.Equal(0, await pair.Device.ReadAsync(db => db.Forwards.SumAsync(f => f.FailedUploads)));
        pair.Proxy.GivesUpOn = _ => false;

        await pair.WaitThroughPausesAsync();

        Assert.Equal(3, await pair.Central.ReadAsync(db => db.Snapshots.CountAsync(s => s.EntryId != null)));
        Assert.Equal(await pair.Device.ReadAsync(db => db.Snapshots.CountAsync()),
            await pair.Central.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Another_report_goes_first_after_one_that_cannot_be_taken()
    {
        await using var pair = await DevicePair.StartAsync(("Alerts:QuietPeriod", "00:00:00"));
        pair.Proxy.IsOffline = true;
        var ids = await FailAsync(pair, 4);
        // Such as a picture for which the central side has no room
        pair.Proxy.Instead = path => path == Path(ids[0]) ? StatusCodes.Status503ServiceUnavailable : null;
        pair.Proxy.IsOffline = false;

        var done = await pair.Device.WaitForAsync(
            db => db.Forwards.Where(f => f.State == ForwardState.Done).Select(f => f.EntryId).ToListAsync(),
            done => done.Count == 3, meanwhile: () => pair.Clock.Advance(TimeSpan.FromSeconds(5)));

        Assert.Equal(ids[1..], done.Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_that_ends_on_the_way_has_failed_if_the_central_side_answers(bool hangs)
    {
        await using var central = await StartAsync(context => TakeAsync(context, hangs));
        using var client = ClientOf(central);

        var answer = await client.SendAsync(1, EndlessEntry(), TestContext.Current.CancellationToken);

        Assert.Equal(ForwardResult.UploadFailed, answer.Result);
    }

    [Fact]
    public async Task Upload_is_tried_again_if_nothing_is_answered_at_all()
    {
        await using var central = await StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = ClientOf(central);

        var answer = await client.SendAsync(1, EndlessEntry(), TestContext.Current.CancellationToken);

        Assert.Equal(ForwardResult.TryAgain, answer.Result);
    }

    private static string Path(long id) => $"/api/devices/entries/{id}";

    /// <summary>Fails to sign in at the device, and waits for the pictures.</summary>
    private static async Task<List<long>> FailAsync(DevicePair pair, int times)
    {
        var ids = new List<long>();
        for (var i = 1; i <= times; i++)
            ids.Add(await pair.Device.FailToSignInAsync(SentinelCamApp.AnnsEmail, $"203.0.113.{i}"));
        await pair.Device.WaitForCapturesAsync();
        return ids;
    }

    private static async Task TakeAsync(HttpContext context, bool hangs)
    {
        if (context.Request.ContentLength < Large)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await context.Request.Body.ReadExactlyAsync(new byte[1], context.RequestAborted);
        if (hangs)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        else
            context.Abort();
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(context =>
        {
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            return answer(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static ForwardClient ClientOf(WebApplication central) => new(
        ForwardOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(
            [new("Forward:Url", central.Urls.Single()), new("Forward:Token", new string('A', 43))]).Build()),
        longestTry: TimeSpan.FromSeconds(3));

    private static ReportedEntry EndlessEntry() => new()
    {
        Epoch = "e",
        Version = 1,
        SentAt = TestClock.Noon,
        At = TestClock.Noon,
        Outcome = LoginOutcome.RefusedByDevice,
        Origin = AttemptOrigin.AtDevice,
        AccountTyped = "bob",
        RemoteAddress = "",
        UserAgent = "",
        Picture = CentralSite.Picture(TestJpeg.Demo()),
        PictureProblem = new string('x', Endless),
    };
}
