using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class RtspCameraTests
{
    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_camera_with_a_password_is_read_through_ffmpeg_which_ends_with_the_feed()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2");
        var feed = Feed(new RtspCamera(server.Url("me:hunter2"), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, null), (result.Outcome, result.Problem));
        Assert.Equal((320, 240), (result.Frame!.Width, result.Frame.Height));
        Assert.EndsWith("/stream", feed.Status.Source, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", feed.Status.Source, StringComparison.Ordinal);
        Assert.Equal(1, server.Viewers);
        await feed.DisposeAsync();
        await Eventually.TrueAsync(() => server.Viewers == 0);
    }

    [Fact]
    public async Task A_wrong_password_is_reported_and_not_shown()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2");
        await using var feed = Feed(new RtspCamera(server.Url("me:hunter3"), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        var refused = CameraFaults.Refused(hasCredentials: true);
        Assert.Equal((refused.Outcome, refused.Text), (result.Outcome, result.Problem));
        Assert.True(server.Refused > 0);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_does_not_answer_is_unreachable()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var feed = Feed(new RtspCamera(new Uri("rtsp://127.0.0.1:1/stream"), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Text), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task Without_ffmpeg_the_missing_package_is_named_before_and_during_a_capture()
    {
        await using var feed = Feed(new RtspCamera(new Uri("rtsp://127.0.0.1:1/stream"), TimeProvider.System, "no-such-ffmpeg"));

        await feed.StartAsync(Cancelled);
        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.MissingLibrary, result.Outcome);
        Assert.Contains("ffmpeg", result.Problem, StringComparison.Ordinal);
        Assert.Equal(CameraState.MissingLibrary, feed.Status.State);
    }

    private CameraFeed Feed(RtspCamera camera) => new(camera, "yard", OpenCv.Library, TimeProvider.System, _log);
}
