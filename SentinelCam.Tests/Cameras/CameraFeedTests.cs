using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Which frame a capture takes.</summary>
public sealed class CameraFeedTests : FakeCameraFeed
{
    [Fact]
    public async Task The_frame_nearest_to_the_moment_is_taken_byte_for_byte()
    {
        var moment = Now;
        Camera.Send(FrameAt(moment.AddSeconds(-0.9), 1), FrameAt(moment.AddSeconds(-0.2), 2), FrameAt(moment.AddSeconds(0.3), 3));

        var result = await CaptureAfterAsync(moment, frames: 3);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Unchecked), (result.Outcome, result.Frame?.Quality));
        Assert.Equal(TestJpeg.Tiny(2), result.Frame!.Jpeg);
        Assert.Equal(moment.AddSeconds(-0.2), result.Frame.TakenAt);
    }

    [Fact]
    public async Task If_no_frame_is_near_the_moment_the_first_one_after_it_is_taken()
    {
        var moment = Now;
        Camera.Send(FrameAt(moment.AddSeconds(-1.5), 1), FrameAt(moment.AddSeconds(4), 2), FrameAt(moment.AddSeconds(5), 3));

        var result = await CaptureAfterAsync(moment, frames: 3);

        Assert.Equal(TestJpeg.Tiny(2), result.Frame?.Jpeg);
    }

    [Fact]
    public async Task A_capture_waits_for_the_next_frame_if_it_can_be_nearer()
    {
        var moment = Now;
        Camera.Send(FrameAt(moment.AddSeconds(-0.5), 1));
        var capture = Feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();
        Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(capture.IsCompleted);

        Camera.Send(FrameAt(Now, 2));

        Assert.Equal(TestJpeg.Tiny(2), (await capture).Frame?.Jpeg);
    }

    [Fact]
    public async Task If_no_nearer_frame_arrives_the_one_before_the_moment_is_taken()
    {
        var moment = Now;
        Camera.Send(FrameAt(moment.AddSeconds(-0.5), 1));
        var capture = Feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();

        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(TestJpeg.Tiny(1), (await capture).Frame?.Jpeg);
        Assert.InRange(Now - moment, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_old_frame_is_taken_only_as_a_last_resort_and_labelled_stale()
    {
        var moment = Now;
        Camera.Send(FrameAt(moment.AddSeconds(-3), 1));
        var capture = Feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();

        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        var result = await capture;
        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Stale), (result.Outcome, result.Frame?.Quality));
        Assert.NotNull(result.Problem);
        Assert.InRange(Now - moment, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11));
    }

    [Theory]
    [InlineData(FrameQuality.Black, FrameQuality.Unchecked, FrameQuality.Stale)]
    [InlineData(FrameQuality.Frozen, FrameQuality.Uniform, FrameQuality.Frozen)]
    [InlineData(FrameQuality.Black, FrameQuality.Demo, FrameQuality.Demo)]
    [InlineData(FrameQuality.Black, FrameQuality.Black, FrameQuality.Black)]
    public async Task As_a_last_resort_a_usable_frame_is_preferred_and_an_unusable_one_is_labelled(
        FrameQuality nearer, FrameQuality other, FrameQuality label)
    {
        var moment = Now;
        Camera.Send(
            FrameAt(moment.AddSeconds(-2.5), 1) with { Quality = other },
            FrameAt(moment.AddSeconds(-2.2), 2) with { Quality = nearer });
        var capture = Feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();

        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        Assert.Equal(label, (await capture).Frame?.Quality);
    }

    [Fact]
    public async Task Captures_share_one_open_camera_which_closes_when_idle()
    {
        Camera.Send(FrameAt(Now, 1));

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Feed.CaptureAsync(Now, Cancelled)));

        Assert.All(results, result => Assert.Equal(CaptureOutcome.Taken, result.Outcome));
        await SendFramesForAsync(TimeSpan.FromSeconds(56));
        Time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(Camera.IsOpen);
        Time.Advance(TimeSpan.FromSeconds(2));
        await UntilAsync(() => !Camera.IsOpen);
        Assert.Equal((1, CameraState.Off), (Camera.Openings, Feed.Status.State));
    }

    [Fact]
    public async Task A_cancelled_capture_does_not_end_the_feed()
    {
        using var cancel = new CancellationTokenSource();
        var capture = Feed.CaptureAsync(Now, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => capture);

        Camera.Send(FrameAt(Now, 1));

        Assert.Equal(CaptureOutcome.Taken, (await Feed.CaptureAsync(Now, Cancelled)).Outcome);
    }

    [Fact]
    public async Task Setting_the_clock_clears_the_frames_from_before()
    {
        var clock = new SetClock(Time);
        var feed = Create(time: clock);
        feed.Warm();
        await SendFramesForAsync(TimeSpan.FromSeconds(8));
        Assert.Equal(3, feed.Status.RingFrames);

        clock.Offset = TimeSpan.FromHours(-1);
        var frame = FrameNow() with { TakenAt = clock.GetUtcNow() };
        Camera.Send(frame);
        await UntilAsync(() => feed.Status.LastFrameAt == frame.TakenAt);

        Assert.Equal((1, TimeSpan.Zero), (feed.Status.RingFrames, feed.Status.FrameAge));
    }

    /// <summary>Captures once a number of frames is in the ring. An earlier capture opens the camera for them.</summary>
    private async Task<CaptureResult> CaptureAfterAsync(DateTimeOffset moment, int frames)
    {
        var opening = Feed.CaptureAsync(moment, Cancelled);
        await UntilAsync(() => Camera.Sent == frames);
        await opening;
        Time.Advance(TimeSpan.FromSeconds(6)); // the moment has passed, as it has when the job runs
        return await Feed.CaptureAsync(moment, Cancelled);
    }

    private Task LiveAsync() => UntilAsync(() => Feed.Status.LastFrameAt is not null);

    /// <summary>A clock that can be set while the timer runs on.</summary>
    private sealed class SetClock(TimeProvider timer) : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override long TimestampFrequency => timer.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => timer.GetUtcNow() + Offset;

        public override long GetTimestamp() => timer.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            timer.CreateTimer(callback, state, dueTime, period);
    }
}
