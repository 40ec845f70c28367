using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>The feed with pictures from the real ffmpeg program.</summary>
public class MjpegStreamTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_capture_takes_a_good_picture_byte_for_byte_as_the_stream_sent_it()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url);

        var moment = DateTimeOffset.UtcNow;
        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, null), (result.Outcome, result.Problem));
        Assert.True(stream.Sent(result.Frame!.Jpeg));
        Assert.Equal((640, 480), (result.Frame.Width, result.Frame.Height));
        Assert.Equal(OpenCv.Library.Loads ? FrameQuality.Good : FrameQuality.Unchecked, result.Frame.Quality);
        Assert.InRange(result.Frame.TakenAt, moment.AddSeconds(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task With_the_camera_open_a_late_capture_still_gets_the_frame_of_the_moment()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url);
        await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        var opened = DateTimeOffset.UtcNow;
        await Eventually.TrueAsync(() => feed.Status.LastFrameAt > opened.AddSeconds(0.3));

        var moment = DateTimeOffset.UtcNow;
        await Eventually.TrueAsync(() => feed.Status.LastFrameAt > moment.AddSeconds(0.2));
        var result = await feed.CaptureAsync(moment, Cancelled);

        // A frame or two on an idle machine
        Assert.InRange((result.Frame!.TakenAt - moment).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(1, stream.Connections);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_within_a_picture_is_reopened()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url);
        stream.Fault = MjpegFault.StopMidFrame;
        var capture = feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        await Eventually.TrueAsync(() => stream.FaultsShown > 0);
        stream.Fault = MjpegFault.None;

        var result = await capture;

        Assert.Equal(CaptureOutcome.Taken, result.Outcome);
        Assert.True(stream.Sent(result.Frame!.Jpeg));
        Assert.Equal(2, stream.Connections);
    }

    [Fact]
    public async Task A_stream_that_always_breaks_off_within_a_picture_is_a_bad_frame()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url);
        stream.Fault = MjpegFault.StopMidFrame;

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.BadFrame, null), (result.Outcome, result.Frame));
    }

    [Fact]
    public async Task A_stream_that_stalls_within_a_picture_times_out()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url, new CameraFeedLimits { CaptureTimeout = TimeSpan.FromSeconds(1) });
        stream.Fault = MjpegFault.Stall;

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.TimedOut, null), (result.Outcome, result.Frame));
    }

    [Fact]
    public async Task A_stream_that_stalled_while_open_is_reopened_within_the_capture()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url, new CameraFeedLimits { SilenceTimeout = TimeSpan.FromSeconds(0.5) });
        await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        stream.Fault = MjpegFault.Stall;
        await Eventually.TrueAsync(() => stream.FaultsShown > 0);
        stream.Fault = MjpegFault.None;

        var moment = DateTimeOffset.UtcNow.AddSeconds(1);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancelled);
        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal(CaptureOutcome.Taken, result.Outcome);
        Assert.InRange(result.Frame!.TakenAt, moment.AddSeconds(-1), DateTimeOffset.UtcNow);
        Assert.True(stream.Connections >= 2);
    }

    [Fact]
    public async Task A_camera_that_cuts_every_connection_is_unreachable()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = Feed(stream.Url);
        stream.Fault = MjpegFault.Drop;

        Assert.Equal(CaptureOutcome.Unreachable, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Outcome);
    }

    [Theory]
    [InlineData("color=black:size=640x480:rate=30", FrameQuality.Black, "black")]
    [InlineData("color=gray:size=640x480:rate=30", FrameQuality.Uniform, "one flat colour")]
    public async Task A_black_or_grey_stream_is_labelled(string source, FrameQuality quality, string says)
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var stream = await MjpegStream.StartAsync(Cancelled, source);
        await using var feed = Feed(stream.Url, new CameraFeedLimits { BetterFrameWait = TimeSpan.FromSeconds(0.5) });

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, quality), (result.Outcome, result.Frame?.Quality));
        Assert.Contains(says, result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_frame_is_preferred_to_the_black_ones_before_it()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        // Black for the first 20 frames of every 30, as a webcam is until its exposure settles
        await using var stream = await MjpegStream.StartAsync(
            Cancelled, "testsrc2=size=640x480:rate=30,drawbox=t=fill:color=black:enable='lt(mod(n,30),20)'");
        await using var feed = Feed(stream.Url);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Good), (result.Outcome, result.Frame?.Quality));
    }

    [Fact]
    public async Task Without_OpenCV_a_stream_is_unchecked()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        await using var feed = new CameraFeed(
            new HttpCamera(stream.Url, TimeProvider.System), "gate", OpenCv.Missing,
            TimeProvider.System, NullLogger<CameraFeed>.Instance);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Unchecked), (result.Outcome, result.Frame?.Quality));
        Assert.True(stream.Sent(result.Frame!.Jpeg));
    }

    private static CameraFeed Feed(Uri address, CameraFeedLimits? limits = null) =>
        new(new HttpCamera(address, TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System,
            NullLogger<CameraFeed>.Instance, limits);
}
