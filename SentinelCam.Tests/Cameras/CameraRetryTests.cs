using SentinelCam.Cameras;

namespace SentinelCam.Tests.Cameras;

/// <summary>When a camera that failed is opened again.</summary>
public sealed class CameraRetryTests : FakeCameraFeed
{
    [Fact]
    public async Task A_fault_that_may_pass_is_tried_once_more_within_the_capture()
    {
        Camera.Fail(CameraFaults.NoAnswer);
        Camera.Send(FrameAt(Now, 1));

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Taken, (await capture).Outcome);
        Assert.Equal(2, Camera.Openings);
    }

    [Fact]
    public async Task A_fault_that_comes_twice_is_the_result()
    {
        Camera.Fail(CameraFaults.NoAnswer);
        Camera.Fail(CameraFaults.NoAnswer);

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Sentence), ((await capture).Outcome, (await capture).Problem));
    }

    [Fact]
    public async Task A_permanent_fault_ends_the_capture_at_once_and_the_next_capture_tries_again()
    {
        Camera.Fail(Unplugged);

        var result = await Feed.CaptureAsync(Now, Cancelled);

        Assert.Equal((CaptureOutcome.NoCamera, "It is gone: plug it in."), (result.Outcome, result.Problem));
        Assert.Equal((CameraState.NoCamera, "It is gone.", "Plug it in."), (Feed.Status.State, Feed.Status.Problem, Feed.Status.Remedy));
        Camera.Send(FrameAt(Now, 1));
        Assert.Equal(CaptureOutcome.Taken, (await Feed.CaptureAsync(Now, Cancelled)).Outcome);
        Assert.Equal((CameraState.Live, null), (Feed.Status.State, Feed.Status.Problem));
    }

    [Fact]
    public async Task Thirty_seconds_of_silence_cost_a_capture_ten_and_the_camera_is_opened_again()
    {
        var began = Now;
        var capture = Feed.CaptureAsync(began, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        var result = await capture;

        Assert.Equal((CaptureOutcome.TimedOut, null), (result.Outcome, result.Frame));
        Assert.Contains("in the time that a capture has", result.Problem, StringComparison.Ordinal);
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
    public async Task An_exception_that_nobody_foresaw_is_a_fault_and_its_text_is_not_logged()
    {
        Camera.Crash(new InvalidOperationException("secret"));
        Camera.Crash(new InvalidOperationException("secret"));

        var capture = Feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Unreachable, (await capture).Outcome);
        Assert.DoesNotContain(Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_camera_that_fails_is_tried_after_1_2_4_8_16_and_then_30_seconds_and_visits_do_not_hurry_it()
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

        // A try is seen up to half a second late, and each may add to it
        double[] expected = [0, 1, 3, 7, 15, 31, 61, 91];
        Assert.All(tries.Zip(expected), pair => Assert.InRange(pair.First, pair.Second, pair.Second + 8));
        Assert.Single(Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_capture_does_not_wait_for_the_next_try()
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
