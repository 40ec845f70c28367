using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>What the camera's status and the log say.</summary>
public sealed class CameraStatusTests : FakeCameraFeed
{
    [Fact]
    public async Task A_camera_that_falls_silent_is_shown_as_stale()
    {
        Camera.Send(FrameAt(Now, 1));
        await Feed.CaptureAsync(Now, Cancelled);
        Assert.Equal(CameraState.Live, Feed.Status.State);

        Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(CameraState.Stale, Feed.Status.State);
        Assert.NotNull(Feed.Status.Remedy);
    }

    [Fact]
    public async Task A_fault_is_known_before_the_first_capture()
    {
        await using var feed = new CameraFeed(new FakeCamera { Fault = Unplugged }, "desk", OpenCv.Missing, Time, Log);

        await feed.StartAsync(Cancelled);

        await UntilAsync(() => feed.Status.State == CameraState.NoCamera);
    }

    [Fact]
    public async Task Each_change_of_state_is_logged_once()
    {
        for (var i = 0; i < 3; i++)
        {
            Camera.Fail(Unplugged);
            await Feed.CaptureAsync(Now, Cancelled);
        }
        Camera.Send(FrameAt(Now, 1), FrameAt(Now, 2));
        await Feed.CaptureAsync(Now, Cancelled);
        // Longer than the pause after a fault, so that it is logged as live
        await SendFramesForAsync(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1));
        await UntilAsync(() => Log.Lines.Count >= 3);
        // It pauses twice; only the first pause is logged
        for (var i = 0; i < 2; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(2.5));
            Camera.Send(FrameAt(Now, 3 + i));
            await UntilAsync(() => Feed.Status.LastFrameAt == Now);
            await UntilAsync(() => Log.Lines.Count >= 5);
        }
        await SendFramesForAsync(TimeSpan.FromSeconds(40));
        Time.Advance(TimeSpan.FromSeconds(4));

        await UntilAsync(() => Log.Lines.Count >= 6);
        Assert.Equal(
            [
                "Information: Camera desk (fake) is opening",
                "Warning: Camera desk (fake): It is gone. Plug it in.",
                "Information: Camera desk (fake) is live: 32x24",
                "Information: Camera desk (fake) has stopped sending pictures",
                "Information: Camera desk (fake) is live: 32x24",
                "Information: Camera desk (fake) is off",
            ],
            Log.Lines);
    }

    [Fact]
    public async Task A_camera_that_keeps_reconnecting_or_changes_its_size_does_not_fill_the_log()
    {
        Camera.Send(FrameAt(Now, 1), FrameAt(Now, 2) with { Width = 640 }, FrameAt(Now, 3));
        Camera.Fail(CameraFaults.Ended);
        for (var i = 0; i < 10; i++)
        {
            Camera.Send(FrameAt(Now, 10 + i));
            Camera.Fail(CameraFaults.Ended);
        }
        var feed = Create(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);

        await UntilAsync(() => Camera.Sent == 13, TimeSpan.FromSeconds(1));

        Assert.Equal(
            [
                "Information: Camera desk (fake) is opening",
                "Information: Camera desk (fake) is live: 32x24",
                "Warning: Camera desk (fake): The camera closed its stream. " +
                "Check that it is on and that nothing else is using it.",
            ],
            Log.Lines);
    }

    [Fact]
    public async Task A_camera_that_is_connected_later_is_found_and_the_fault_is_logged_once()
    {
        for (var i = 0; i < 3; i++)
            Camera.Fail(Unplugged);
        var feed = Create(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        await UntilAsync(() => feed.Status.State == CameraState.NoCamera);

        Camera.Send(FrameNow());
        await UntilAsync(() => feed.Status.State == CameraState.Live, TimeSpan.FromSeconds(0.5));

        Assert.Equal(("It is gone. Plug it in.", null), (feed.Status.LastError, feed.Status.Problem));
        // Frames must arrive for a while before the camera is logged as live
        Assert.Equal(2, Log.Lines.Count);
        await SendFramesForAsync(TimeSpan.FromSeconds(12));
        await UntilAsync(() => Log.Lines.Count >= 3);
        Assert.Equal(
            [
                "Information: Camera desk (fake) is opening",
                "Warning: Camera desk (fake): It is gone. Plug it in.",
                "Information: Camera desk (fake) is live: 32x24",
            ],
            Log.Lines);
    }
}
