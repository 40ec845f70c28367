using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Cameras.Frames;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>When the camera is open, and how often a failed one is tried.</summary>
public sealed class CameraWarmthTests : IAsyncDisposable
{
    private static readonly CameraFault Unplugged = new(CaptureOutcome.NoCamera, "It is gone", "Plug it in", Permanent: true);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeCamera _camera = new();
    private readonly LogRecord<CameraFeed> _log = new();
    private CameraFeed? _feed;
    private int _sent;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_feed is not null)
            await _feed.DisposeAsync();
    }

    [Fact]
    public async Task A_visit_opens_the_camera_for_a_minute_and_the_next_one_prolongs_it()
    {
        var feed = Feed(CameraWarmth.OnDemand);
        Assert.Equal(CameraState.Off, feed.Status.State);

        feed.Warm();
        await GoOnAsync(TimeSpan.FromSeconds(40));
        feed.Warm();
        await GoOnAsync(TimeSpan.FromSeconds(56));

        Assert.True(_camera.IsOpen);
        _time.Advance(TimeSpan.FromSeconds(4.5));
        await UntilAsync(() => !_camera.IsOpen);
        Assert.Equal((1, CameraState.Off), (_camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task After_a_visit_the_ring_holds_the_seconds_before_the_first_wrong_password()
    {
        var feed = Feed(CameraWarmth.OnDemand);
        feed.Warm();
        await GoOnAsync(TimeSpan.FromSeconds(8));
        var moment = _time.GetUtcNow();
        await GoOnAsync(TimeSpan.FromSeconds(4));

        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, moment, 1), (result.Outcome, result.Frame!.TakenAt, _camera.Openings));
    }

    [Fact]
    public async Task A_flood_of_visits_opens_the_camera_once_and_closes_it_in_time()
    {
        var feed = Feed(CameraWarmth.OnDemand);

        await Parallel.ForAsync(0, 10_000, Cancelled, (_, _) =>
        {
            feed.Warm();
            return ValueTask.CompletedTask;
        });

        await GoOnAsync(TimeSpan.FromSeconds(56));
        _time.Advance(TimeSpan.FromSeconds(4.5));
        await UntilAsync(() => _camera is { Openings: 1, IsOpen: false });
    }

    [Fact]
    public async Task Never_means_that_a_visit_opens_nothing_and_a_capture_closes_the_camera()
    {
        var feed = Feed(CameraWarmth.Never);
        feed.Warm();
        await feed.StartAsync(Cancelled);
        Assert.Equal(CameraState.Off, feed.Status.State);

        _camera.Send(FrameNow());
        Assert.Equal(CaptureOutcome.Taken, (await feed.CaptureAsync(_time.GetUtcNow(), Cancelled)).Outcome);
        _time.Advance(FrameStrip.Longest);

        await UntilAsync(() => !_camera.IsOpen);
        Assert.Equal((1, CameraState.Off), (_camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task Always_means_from_the_start_on_and_for_good()
    {
        var feed = Feed(CameraWarmth.Always);

        await feed.StartAsync(Cancelled);
        await GoOnAsync(TimeSpan.FromMinutes(10));

        Assert.True(_camera.IsOpen);
        Assert.Equal((1, CameraState.Live), (_camera.Openings, feed.Status.State));
    }

    [Fact]
    public async Task A_camera_that_is_plugged_in_later_is_found_and_the_fault_is_logged_once()
    {
        for (var i = 0; i < 3; i++)
            _camera.Fail(Unplugged);
        var feed = Feed(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        await UntilAsync(() => feed.Status.State == CameraState.NoCamera);

        _camera.Send(FrameNow());
        await UntilAsync(() => feed.Status.State == CameraState.Live, TimeSpan.FromSeconds(0.5));

        Assert.Equal(("It is gone: plug it in.", null), (feed.Status.LastError, feed.Status.Problem));
        // Frames must come for a while until the log believes it
        Assert.Equal(2, _log.Lines.Count);
        await GoOnAsync(TimeSpan.FromSeconds(12));
        await UntilAsync(() => _log.Lines.Count >= 3);
        Assert.Equal(
            ["Information: Camera desk (fake) is opening", "Warning: Camera desk (fake): It is gone: plug it in.", "Information: Camera desk (fake) is live: 32x24"],
            _log.Lines);
    }

    [Fact]
    public async Task A_camera_that_fails_is_tried_after_1_2_4_8_16_and_then_30_seconds_and_visits_do_not_hurry_it()
    {
        for (var i = 0; i < 100; i++)
            _camera.Fail(CameraFaults.NoAnswer);
        var feed = Feed(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        var began = _time.GetUtcNow();
        var tries = new List<double>();

        while (tries.Count < 8)
        {
            await UntilAsync(() => _camera.Openings > tries.Count, TimeSpan.FromSeconds(0.5), feed.Warm);
            tries.Add((_time.GetUtcNow() - began).TotalSeconds);
        }

        // A try is seen up to half a second late, and each may add to it
        double[] expected = [0, 1, 3, 7, 15, 31, 61, 91];
        Assert.All(tries.Zip(expected), pair => Assert.InRange(pair.First, pair.Second, pair.Second + 8));
        Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_capture_does_not_wait_for_the_next_try()
    {
        for (var i = 0; i < 6; i++)
            _camera.Fail(Unplugged);
        var feed = Feed(CameraWarmth.Always);
        await feed.StartAsync(Cancelled);
        await UntilAsync(() => _camera.Openings == 6, TimeSpan.FromSeconds(0.5));
        await UntilAsync(() => feed.Status.State == CameraState.NoCamera);
        _camera.Send(FrameNow());

        Assert.Equal(CaptureOutcome.Taken, (await feed.CaptureAsync(_time.GetUtcNow(), Cancelled)).Outcome);
    }

    [Fact]
    public async Task A_look_keeps_the_camera_open_for_some_seconds_only_even_where_it_is_never_warm()
    {
        var feed = Feed(CameraWarmth.Never);
        var look = feed.PreviewAsync(Cancelled);
        _camera.Send(FrameNow());
        Assert.NotNull(await look);

        await GoOnAsync(TimeSpan.FromSeconds(4));
        Assert.True(_camera.IsOpen);
        _time.Advance(TimeSpan.FromSeconds(1.5));
        await UntilAsync(() => !_camera.IsOpen);
    }

    [Fact]
    public async Task A_look_at_a_camera_that_fails_or_says_nothing_ends()
    {
        var feed = Feed(CameraWarmth.OnDemand);
        var silent = feed.PreviewAsync(Cancelled);
        await UntilAsync(() => silent.IsCompleted, TimeSpan.FromSeconds(0.5));
        Assert.Null(await silent);

        _camera.Fail(Unplugged);
        Assert.Null(await feed.PreviewAsync(Cancelled));
        Assert.NotNull(feed.Status.LastError);
    }

    [Fact]
    public async Task A_visit_after_the_end_does_no_harm()
    {
        var feed = Feed(CameraWarmth.OnDemand);
        await feed.DisposeAsync();

        feed.Warm();

        Assert.Equal(0, _camera.Openings);
    }

    [Fact]
    public async Task Another_camera_takes_over_at_once_and_the_old_one_is_closed()
    {
        var feed = Feed(CameraWarmth.OnDemand);
        _camera.Fail(Unplugged);
        feed.Warm();
        await UntilAsync(() => feed.Status.LastError is not null);
        var second = new FakeCamera();
        second.Send(FrameNow());

        feed.Switch(second);

        await UntilAsync(() => feed.Status.State == CameraState.Live);
        Assert.Equal((false, true, null), (_camera.IsOpen, second.IsOpen, feed.Status.LastError));
    }

    [Fact]
    public async Task A_clock_that_is_set_makes_no_old_frame_the_picture_of_a_moment()
    {
        var clock = new SetClock(_time);
        var feed = _feed = new CameraFeed(_camera, "desk", OpenCv.Missing, clock, _log);
        feed.Warm();
        await GoOnAsync(TimeSpan.FromSeconds(8));
        Assert.Equal(3, feed.Status.RingFrames);

        clock.Offset = TimeSpan.FromHours(-1);
        var frame = FrameNow() with { TakenAt = clock.GetUtcNow() };
        _camera.Send(frame);
        await UntilAsync(() => feed.Status.LastFrameAt == frame.TakenAt);

        Assert.Equal((1, TimeSpan.Zero), (feed.Status.RingFrames, feed.Status.FrameAge));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_visit_to_the_sign_in_page_opens_the_camera_and_the_page_shows_nothing_of_it(bool works)
    {
        if (works)
            _camera.Send(FrameNow());
        else
            _camera.Crash(new InvalidOperationException("no camera"));
        await using var app = await SentinelCamApp.StartAsync(null, services => services.AddSingleton<ICamera>(_camera));
        using var visitor = app.Visit();
        var camera = app.Services.GetRequiredService<CameraFeed>();
        await visitor.GetAsync("/register");
        Assert.Equal(0, _camera.Openings);

        var first = await visitor.GetAsync("/login");

        await UntilAsync(() => _camera.Openings == 1 && (works || camera.Status.LastError is not null));
        var second = await visitor.GetAsync("/login");
        await using var without = await SentinelCamApp.StartAsync(("Camera:Warm", "Never"));
        using var other = without.Visit();
        Assert.Equal(first.Neutral, second.Neutral);
        Assert.Equal(first.Neutral, (await other.GetAsync("/login")).Neutral);
        Assert.Equal(System.Net.HttpStatusCode.OK, first.Status);
    }

    private CameraFeed Feed(CameraWarmth warm) =>
        _feed = new CameraFeed(_camera, "desk", OpenCv.Missing, _time, _log, new CameraFeedLimits { Warm = warm });

    private Frame FrameNow() => new(TestJpeg.Tiny(++_sent), 32, 24, _time.GetUtcNow(), FrameQuality.Unchecked);

    /// <summary>Lets time pass while a frame comes every four seconds, the first of them now.</summary>
    private async Task GoOnAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; ; passed += TimeSpan.FromSeconds(4))
        {
            var frame = FrameNow();
            _camera.Send(frame);
            await UntilAsync(() => _feed!.Status.LastFrameAt == frame.TakenAt && _camera.Sent >= 0);
            if (passed >= time)
                return;
            _time.Advance(TimeSpan.FromSeconds(4));
        }
    }

    private async Task UntilAsync(Func<bool> isSo, TimeSpan step = default, Action? meanwhile = null)
    {
        for (var tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 4000, "It did not come about.");
            await Task.Delay(10, Cancelled);
            meanwhile?.Invoke();
            if (!isSo())
                _time.Advance(step);
        }
    }

    /// <summary>A clock that somebody sets while the timer runs on.</summary>
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
