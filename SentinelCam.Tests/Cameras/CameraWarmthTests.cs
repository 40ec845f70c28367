using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>When the camera is open.</summary>
public sealed class CameraWarmthTests : FakeCameraFeed
{
    [Fact]
    public async Task A_visit_opens_the_camera_for_a_minute_and_the_next_visit_extends_it()
    {
        var feed = Create(CameraWarmth.OnDemand);
        Assert.Equal(CameraState.Off, feed.Status.State);

        feed.Warm();
        await SendFramesForAsync(TimeSpan.FromSeconds(40));
        feed.Warm();
        await SendFramesForAsync(TimeSpan.FromSeconds(56));

        Assert.True(Camera.IsOpen);
        Time.Advance(TimeSpan.FromSeconds(4.5));
        await UntilAsync(() => !Camera.IsOpen);
        Assert.Equal((1, CameraState.Off), (Camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task After_a_visit_the_ring_contains_the_seconds_before_the_first_wrong_password()
    {
        var feed = Create(CameraWarmth.OnDemand);
        feed.Warm();
        await SendFramesForAsync(TimeSpan.FromSeconds(8));
        var moment = Now;
        await SendFramesForAsync(TimeSpan.FromSeconds(4));

        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, moment, 1), (result.Outcome, result.Frame!.TakenAt, Camera.Openings));
    }

    [Fact]
    public async Task A_flood_of_visits_opens_the_camera_once_and_it_closes_on_time()
    {
        var feed = Create(CameraWarmth.OnDemand);

        await Parallel.ForAsync(0, 10_000, Cancelled, (_, _) =>
        {
            feed.Warm();
            return ValueTask.CompletedTask;
        });

        await SendFramesForAsync(TimeSpan.FromSeconds(56));
        Time.Advance(TimeSpan.FromSeconds(4.5));
        await UntilAsync(() => Camera is { Openings: 1, IsOpen: false });
    }

    [Fact]
    public async Task With_Never_only_a_capture_opens_the_camera_and_closes_it_afterwards()
    {
        var feed = Create(CameraWarmth.Never);
        feed.Warm();
        await feed.StartAsync(Cancelled);
        Assert.Equal(CameraState.Off, feed.Status.State);

        Camera.Send(FrameNow());
        Assert.Equal(CaptureOutcome.Taken, (await feed.CaptureAsync(Now, Cancelled)).Outcome);
        Time.Advance(FrameStrip.Longest);

        await UntilAsync(() => !Camera.IsOpen);
        Assert.Equal((1, CameraState.Off), (Camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task With_Always_the_camera_stays_open_from_the_start()
    {
        var feed = Create(CameraWarmth.Always);

        await feed.StartAsync(Cancelled);
        await SendFramesForAsync(TimeSpan.FromMinutes(10));

        Assert.True(Camera.IsOpen);
        Assert.Equal((1, CameraState.Live), (Camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task A_preview_opens_the_camera_for_a_few_seconds_even_with_Never()
    {
        var feed = Create(CameraWarmth.Never);
        var look = feed.PreviewAsync(Cancelled);
        Camera.Send(FrameNow());
        Assert.NotNull(await look);

        await SendFramesForAsync(TimeSpan.FromSeconds(4));
        Assert.True(Camera.IsOpen);
        Time.Advance(TimeSpan.FromSeconds(1.5));
        await UntilAsync(() => !Camera.IsOpen);
    }

    [Fact]
    public async Task A_preview_of_a_failed_or_silent_camera_ends()
    {
        var feed = Create(CameraWarmth.OnDemand);
        var silent = feed.PreviewAsync(Cancelled);
        await UntilAsync(() => silent.IsCompleted, TimeSpan.FromSeconds(0.5));
        Assert.Null(await silent);

        Camera.Fail(Unplugged);
        Assert.Null(await feed.PreviewAsync(Cancelled));
        Assert.NotNull(feed.Status.LastError);
    }

    [Fact]
    public async Task A_visit_after_the_feed_is_disposed_is_ignored()
    {
        var feed = Create(CameraWarmth.OnDemand);
        await feed.DisposeAsync();

        feed.Warm();

        Assert.Equal(0, Camera.Openings);
    }

    [Fact]
    public async Task Switching_opens_the_new_camera_at_once_and_closes_the_old_one()
    {
        var feed = Create(CameraWarmth.OnDemand);
        Camera.Fail(Unplugged);
        feed.Warm();
        await UntilAsync(() => feed.Status.LastError is not null);
        var second = new FakeCamera();
        second.Send(FrameNow());

        feed.Switch(second);

        await UntilAsync(() => feed.Status.State == CameraState.Live);
        Assert.Equal((false, true, null), (Camera.IsOpen, second.IsOpen, feed.Status.LastError));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_visit_to_the_sign_in_page_opens_the_camera_and_the_page_does_not_reveal_it(bool works)
    {
        if (works)
            Camera.Send(FrameNow());
        else
            Camera.Crash(new InvalidOperationException("no camera"));
        await using var app = await SentinelCamApp.StartAsync(null, services => services.AddSingleton<ICamera>(Camera));
        using var visitor = app.Visit();
        var camera = app.Services.GetRequiredService<CameraFeed>();
        await visitor.GetAsync("/register");
        Assert.Equal(0, Camera.Openings);

        var first = await visitor.GetAsync("/login");

        await UntilAsync(() => Camera.Openings == 1 && (works || camera.Status.LastError is not null));
        var second = await visitor.GetAsync("/login");
        await using var without = await SentinelCamApp.StartAsync(("Camera:Warm", "Never"));
        using var other = without.Visit();
        Assert.Equal(first.Neutral, second.Neutral);
        Assert.Equal(first.Neutral, (await other.GetAsync("/login")).Neutral);
        Assert.Equal(System.Net.HttpStatusCode.OK, first.Status);
    }
}
