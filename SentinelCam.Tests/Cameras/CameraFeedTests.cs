using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Cameras.Frames;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public sealed class CameraFeedTests : IAsyncDisposable
{
    private static readonly CameraFault Unplugged = new(CaptureOutcome.NoCamera, "It is gone", "Plug it in", Permanent: true);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeCamera _camera = new();
    private readonly LogRecord<CameraFeed> _log = new();
    private readonly CameraFeed _feed;

    public CameraFeedTests() => _feed = new CameraFeed(_camera, "desk", OpenCv.Missing, _time, _log);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _time.GetUtcNow();

    public ValueTask DisposeAsync() => _feed.DisposeAsync();

    [Fact]
    public async Task The_frame_nearest_to_the_moment_is_taken_and_keeps_its_bytes()
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-0.9), 1), FrameAt(moment.AddSeconds(-0.2), 2), FrameAt(moment.AddSeconds(0.3), 3));

        var result = await CaptureAfterAsync(moment, frames: 3);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Unchecked), (result.Outcome, result.Frame?.Quality));
        Assert.Equal(TestJpeg.Tiny(2), result.Frame!.Jpeg);
        Assert.Equal(moment.AddSeconds(-0.2), result.Frame.TakenAt);
    }

    [Fact]
    public async Task Without_a_frame_in_the_second_before_the_moment_the_first_one_after_it_is_taken()
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-1.5), 1), FrameAt(moment.AddSeconds(4), 2), FrameAt(moment.AddSeconds(5), 3));

        var result = await CaptureAfterAsync(moment, frames: 3);

        Assert.Equal(TestJpeg.Tiny(2), result.Frame?.Jpeg);
    }

    [Fact]
    public async Task A_frame_still_to_come_may_be_nearer_than_the_last_one_before_the_moment()
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-0.5), 1));
        var capture = _feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(capture.IsCompleted);

        _camera.Send(FrameAt(Now, 2));

        Assert.Equal(TestJpeg.Tiny(2), (await capture).Frame?.Jpeg);
    }

    [Fact]
    public async Task When_no_nearer_frame_comes_the_one_before_the_moment_is_taken()
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-0.5), 1));
        var capture = _feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();

        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(TestJpeg.Tiny(1), (await capture).Frame?.Jpeg);
        Assert.InRange(Now - moment, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_frame_from_long_before_the_moment_is_only_the_last_resort_and_is_labelled_stale()
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-3), 1));
        var capture = _feed.CaptureAsync(moment, Cancelled);
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
    public async Task As_the_last_resort_a_frame_that_shows_something_is_preferred_and_one_that_does_not_is_called_what_it_is(
        FrameQuality nearer, FrameQuality other, FrameQuality label)
    {
        var moment = Now;
        _camera.Send(FrameAt(moment.AddSeconds(-2.5), 1) with { Quality = other }, FrameAt(moment.AddSeconds(-2.2), 2) with { Quality = nearer });
        var capture = _feed.CaptureAsync(moment, Cancelled);
        await LiveAsync();

        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        Assert.Equal(label, (await capture).Frame?.Quality);
    }

    [Fact]
    public async Task Thirty_seconds_of_silence_cost_a_capture_ten_and_the_camera_is_opened_again()
    {
        var began = Now;
        var capture = _feed.CaptureAsync(began, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(1));

        var result = await capture;

        Assert.Equal((CaptureOutcome.TimedOut, null), (result.Outcome, result.Frame));
        Assert.Contains("in the time that a capture has", result.Problem, StringComparison.Ordinal);
        Assert.InRange(Now - began, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11));

        var second = _feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(second, TimeSpan.FromSeconds(1));
        Assert.Equal(CaptureOutcome.TimedOut, (await second).Outcome);
        var third = _feed.CaptureAsync(Now, Cancelled);
        await UntilAsync(() => _camera.Openings >= 2, TimeSpan.FromSeconds(0.5));
        _camera.Send(FrameAt(Now, 5));
        Assert.Equal(CaptureOutcome.Taken, (await third).Outcome);
    }

    [Fact]
    public async Task A_camera_that_falls_silent_is_shown_as_stale()
    {
        _camera.Send(FrameAt(Now, 1));
        await _feed.CaptureAsync(Now, Cancelled);
        Assert.Equal(CameraState.Live, _feed.Status.State);

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(CameraState.Stale, _feed.Status.State);
        Assert.NotNull(_feed.Status.Remedy);
    }

    [Fact]
    public async Task A_permanent_fault_ends_the_capture_at_once_and_the_next_capture_tries_again()
    {
        _camera.Fail(Unplugged);

        var result = await _feed.CaptureAsync(Now, Cancelled);

        Assert.Equal((CaptureOutcome.NoCamera, "It is gone: plug it in."), (result.Outcome, result.Problem));
        Assert.Equal((CameraState.NoCamera, "It is gone.", "Plug it in."), (_feed.Status.State, _feed.Status.Problem, _feed.Status.Remedy));
        _camera.Send(FrameAt(Now, 1));
        Assert.Equal(CaptureOutcome.Taken, (await _feed.CaptureAsync(Now, Cancelled)).Outcome);
        Assert.Equal((CameraState.Live, null), (_feed.Status.State, _feed.Status.Problem));
    }

    [Fact]
    public async Task A_fault_that_may_pass_is_tried_once_more_within_the_capture()
    {
        _camera.Fail(CameraFaults.NoAnswer);
        _camera.Send(FrameAt(Now, 1));

        var capture = _feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Taken, (await capture).Outcome);
        Assert.Equal(2, _camera.Openings);
    }

    [Fact]
    public async Task A_fault_that_comes_twice_is_the_result()
    {
        _camera.Fail(CameraFaults.NoAnswer);
        _camera.Fail(CameraFaults.NoAnswer);

        var capture = _feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Sentence), ((await capture).Outcome, (await capture).Problem));
    }

    [Fact]
    public async Task An_exception_that_nobody_foresaw_is_a_fault_and_its_text_is_not_logged()
    {
        _camera.Crash(new InvalidOperationException("secret"));
        _camera.Crash(new InvalidOperationException("secret"));

        var capture = _feed.CaptureAsync(Now, Cancelled);
        await AdvanceUntilAsync(capture, TimeSpan.FromSeconds(0.1));

        Assert.Equal(CaptureOutcome.Unreachable, (await capture).Outcome);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Captures_share_one_open_camera_which_closes_when_idle()
    {
        _camera.Send(FrameAt(Now, 1));

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _feed.CaptureAsync(Now, Cancelled)));

        Assert.All(results, result => Assert.Equal(CaptureOutcome.Taken, result.Outcome));
        await StayOpenAsync(TimeSpan.FromSeconds(59));
        Assert.True(_camera.IsOpen);
        _time.Advance(TimeSpan.FromSeconds(2));
        await UntilAsync(() => !_camera.IsOpen, TimeSpan.Zero);
        Assert.Equal((1, CameraState.Off), (_camera.Openings, _feed.Status.State));
    }

    [Fact]
    public async Task A_cancelled_capture_is_cancelled_and_the_feed_lives_on()
    {
        using var cancel = new CancellationTokenSource();
        var capture = _feed.CaptureAsync(Now, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => capture);

        _camera.Send(FrameAt(Now, 1));

        Assert.Equal(CaptureOutcome.Taken, (await _feed.CaptureAsync(Now, Cancelled)).Outcome);
    }

    [Fact]
    public async Task A_state_is_logged_once_and_not_at_every_try()
    {
        for (var i = 0; i < 3; i++)
        {
            _camera.Fail(Unplugged);
            await _feed.CaptureAsync(Now, Cancelled);
        }
        _camera.Send(FrameAt(Now, 1), FrameAt(Now, 2));
        await _feed.CaptureAsync(Now, Cancelled);
        // For longer than it would be left alone after a fault
        await StayOpenAsync(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1));
        await UntilAsync(() => _log.Lines.Count >= 3, TimeSpan.Zero);
        // It pauses twice, and is then left alone
        for (var i = 0; i < 2; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2.5));
            _camera.Send(FrameAt(Now, 3 + i));
            await UntilAsync(() => _feed.Status.LastFrameAt == Now, TimeSpan.Zero);
            await UntilAsync(() => _log.Lines.Count >= 5, TimeSpan.Zero);
        }
        await StayOpenAsync(TimeSpan.FromSeconds(42));
        _time.Advance(TimeSpan.FromSeconds(2));

        await UntilAsync(() => _log.Lines.Count >= 6, TimeSpan.Zero);
        Assert.Equal(
            [
                "Information: Camera desk (fake) is opening",
                "Warning: Camera desk (fake): It is gone: plug it in.",
                "Information: Camera desk (fake) is live: 32x24",
                "Information: Camera desk (fake) has stopped sending pictures",
                "Information: Camera desk (fake) is live: 32x24",
                "Information: Camera desk (fake) is off",
            ],
            _log.Lines);
    }

    [Fact]
    public async Task A_camera_that_sends_a_picture_and_hangs_up_or_changes_its_size_fills_no_log()
    {
        _camera.Send(FrameAt(Now, 1), FrameAt(Now, 2) with { Width = 640 }, FrameAt(Now, 3));
        _camera.Fail(CameraFaults.Ended);
        for (var i = 0; i < 10; i++)
        {
            _camera.Send(FrameAt(Now, 10 + i));
            _camera.Fail(CameraFaults.Ended);
        }
        await using var feed = new CameraFeed(_camera, "desk", OpenCv.Missing, _time, _log, new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);

        await UntilAsync(() => _camera.Sent == 13, TimeSpan.FromSeconds(1));

        Assert.Equal(
            [
                "Information: Camera desk (fake) is opening",
                "Information: Camera desk (fake) is live: 32x24",
                "Warning: Camera desk (fake): The camera has ended its stream: check that it is switched on and not in use elsewhere.",
            ],
            _log.Lines);
    }

    [Fact]
    public async Task What_keeps_the_camera_from_working_is_known_before_the_first_capture()
    {
        await using var feed = new CameraFeed(new FakeCamera { Fault = Unplugged }, "desk", OpenCv.Missing, _time, _log);

        await feed.StartAsync(Cancelled);

        await UntilAsync(() => feed.Status.State == CameraState.NoCamera, TimeSpan.Zero);
    }

    [Fact]
    public void The_ring_keeps_the_latest_frames_within_its_caps()
    {
        var ring = new FrameRing(maxBytes: 10_000, maxFrames: 5);
        for (var i = 0; i < 20; i++)
            ring.Add(FrameAt(Now.AddSeconds(i), i), TimeSpan.FromSeconds(i));
        Assert.Equal(5, ring.Count);
        ring.Add(new Frame(new byte[9_900], 1, 1, Now, FrameQuality.Unchecked), TimeSpan.FromSeconds(20));
        Assert.Equal((1, 9_900L), (ring.Count, ring.Bytes));
    }

    private static Frame FrameAt(DateTimeOffset takenAt, int tag) => new(TestJpeg.Tiny(tag), 32, 24, takenAt, FrameQuality.Unchecked);

    /// <summary>Captures when so many frames are in the ring: an earlier capture has let them in.</summary>
    private async Task<CaptureResult> CaptureAfterAsync(DateTimeOffset moment, int frames)
    {
        var opening = _feed.CaptureAsync(moment, Cancelled);
        await UntilAsync(() => _camera.Sent == frames, TimeSpan.Zero);
        await opening;
        _time.Advance(TimeSpan.FromSeconds(6)); // so that the moment is past, as it is when the job runs
        return await _feed.CaptureAsync(moment, Cancelled);
    }

    /// <summary>Lets time pass while frames go on, or the camera would be closed for its silence.</summary>
    private async Task StayOpenAsync(TimeSpan time, TimeSpan? between = null)
    {
        var step = between ?? TimeSpan.FromSeconds(4);
        for (var (left, tag) = (time, 100); left > TimeSpan.Zero; left -= step, tag++)
        {
            _time.Advance(left < step ? left : step);
            var now = Now;
            _camera.Send(FrameAt(now, tag));
            await UntilAsync(() => _feed.Status.LastFrameAt == now, TimeSpan.Zero);
        }
    }

    private Task LiveAsync() => UntilAsync(() => _feed.Status.LastFrameAt is not null, TimeSpan.Zero);

    private Task AdvanceUntilAsync(Task task, TimeSpan step) => UntilAsync(() => task.IsCompleted, step);

    /// <summary>Lets the other threads run, and the fake time in steps, until something is so.</summary>
    private async Task UntilAsync(Func<bool> isSo, TimeSpan step)
    {
        for (var tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 2000, "It did not come about.");
            await Task.Delay(5, Cancelled);
            if (!isSo())
                _time.Advance(step);
        }
    }
}
