using SentinelCam.Cameras;

namespace SentinelCam.Tests.Cameras;

/// <summary>When a camera that failed is opened again.</summary>
public sealed class CameraRetryTests : FakeCameraFeed
{
    [Fact]
    public async Task A_temporary_fault_is_retried_once_within_the_capture()
    {
        Camera.Fail(CameraFaults.NoAnswer);
        Camera.Send(FrameAt(Now, 1));

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Taken, (await capture).Outcome);
        Assert.Equal(2, Camera.Openings);
    }

    [Fact]
    public async Task A_fault_that_occurs_twice_is_the_result()
    {
        Camera.Fail(CameraFaults.NoAnswer);
        Camera.Fail(CameraFaults.NoAnswer);

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        var result = await capture;
        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Text), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task A_permanent_fault_ends_the_capture_at_once_and_the_next_capture_retries()
    {
        Camera.Fail(Unplugged);

        var result = await Feed.CaptureAsync(Now, Cancelled);

        Assert.Equal((CaptureOutcome.NoCamera, "It is gone. Plug it in."), (result.Outcome, result.Problem));
        var status = Feed.Status;
        Assert.Equal((CameraState.NoCamera, "It is gone.", "Plug it in."), (status.State, status.Problem, status.Remedy));
        Camera.Send(FrameAt(Now, 1));
        Assert.Equal(CaptureOutcome.Taken, (await Feed.CaptureAsync(Now, Cancelled)).Outcome);
        Assert.Equal((CameraState.Live, null), (Feed.Status.State, Feed.Status.Problem));
    }

    [Fact]
    public async Task A_silent_camera_ends_a_capture_after_ten_seconds_and_is_reopened()
    {
        var began = Now;
        var capture = Feed.CaptureAsync(began, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        var result = await capture;

        Assert.Equal((CaptureOutcome.TimedOut, null), (result.Outcome, result.Frame));
        Assert.Contains("in time", result.Problem, StringComparison.Ordinal);
        Assert.InRange(Now - began, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11));

        var second = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(second, TimeSpan.FromSeconds(1));
        Assert.Equal(CaptureOutcome.TimedOut, (await second).Outcome);
        var third = Feed.CaptureAsync(Now, Cancelled);
        await UntilAsync(() => Camera.Openings >= 2, TimeSpan.FromSeconds(0.5));
        Camera.Send(FrameAt(Now, 5));
        Assert.Equal(CaptureOutcome.Taken, (await third).Outcome);
    }

    [Fact]
    public async Task An_unexpected_exception_is_a_fault_and_its_message_is_not_logged()
    {
        Camera.Crash(new InvalidOperationException("secret"));
        Camera.Crash(new InvalidOperationException("secret"));

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Unreachable, (await capture).Outcome);
        Assert.DoesNotContain(Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_camera_is_retried_after_1_2_4_8_16_and_then_30_seconds_regardless_of_visits()
    {
        for (var i = 0; i < 100; i++)
            Camera.Fail(CameraFaults.NoAnswer);
        var feed = Create(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        var began = Now;
        var tries = new List<double>();

        while (tries.Count < 8)
        {
            await UntilAsync(() => Camera.Openings > tries.Count, TimeSpan.FromSeconds(0.5), feed.Warm);
            tries.Add((Now - began).TotalSeconds);
        }

        // Each try is noticed up to half a second late, and the delays add up
        double[] expected = [0, 1, 3, 7, 15, 31, 61, 91];
        Assert.All(tries.Zip(expected), pair => Assert.InRange(pair.First, pair.Second, pair.Second + 8));
        Assert.Single(Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_capture_retries_a_failed_camera_at_once()
    {
        for (var i = 0; i < 6; i++)
            Camera.Fail(Unplugged);
        var feed = Create(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        await UntilAsync(() => Camera.Openings == 6, TimeSpan.FromSeconds(0.5));
        await UntilAsync(() => feed.Status.State == CameraState.NoCamera);
        Camera.Send(FrameNow());

        Assert.Equal(CaptureOutcome.Taken, (await feed.CaptureAsync(Now, Cancelled)).Outcome);
    }
}
