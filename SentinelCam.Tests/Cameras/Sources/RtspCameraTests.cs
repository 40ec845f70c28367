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

    [Theory]
    [InlineData(3600L * 90_000)]
    [InlineData(-3600L * 90_000)]
    [InlineData(60L * 90_000)]
    [InlineData(-2L * 90_000)]
    public async Task When_the_times_of_a_stream_jump_it_goes_on_and_no_frame_is_invented(long jump)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2");
        var frames = new List<byte[]>();

        await foreach (var frame in new RtspCamera(server.Url("me:hunter2"), TimeProvider.System).ReadAsync(Cancelled))
        {
            frames.Add(frame.Jpeg);
            if (frames.Count == 20)
                server.TimeOffset = unchecked((uint)jump);
            if (frames.Count == 100)
                break;
        }

        // Each picture is different, and a viewer cannot have more of them than were sent
        Assert.Equal(frames.Count, frames.Select(Convert.ToBase64String).Distinct().Count());
        Assert.True(server.Pictures >= frames.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_slow_stream_shows_its_first_picture_by_the_time_of_its_second(int rate)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2", rate, maxPictures: 2);

        // No third picture comes
        await foreach (var frame in new RtspCamera(server.Url("me:hunter2"), TimeProvider.System).ReadAsync(Cancelled))
            break;

        Assert.Equal(2, server.Pictures);
    }

    [Theory]
    [InlineData("461 Unsupported Transport")]
    [InlineData("461 Unsupported transport")]
    [InlineData("406 Not Acceptable")]
    [InlineData("500 Internal Server Error")]
    [InlineData(null)]
    public async Task A_camera_that_refuses_TCP_or_sends_nothing_is_read_over_UDP_and_next_time_at_once(string? refusal)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2", isUdpOnly: true, refusal: refusal);
        var camera = new RtspCamera(server.Url("me:hunter2"), TimeProvider.System);

        for (var opening = 0; opening < 2; opening++)
        {
            await foreach (var frame in camera.ReadAsync(Cancelled))
            {
                Assert.Equal((320, 240), (frame.Width, frame.Height));
                break;
            }
        }

        Assert.Equal(1, server.RefusedTransports);
    }

    [Fact]
    public async Task A_capture_gets_its_picture_from_a_camera_that_accepts_TCP_and_sends_nothing()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2", isUdpOnly: true, refusal: null);
        await using var feed = Feed(new RtspCamera(server.Url("me:hunter2"), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, null), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task A_camera_that_answers_late_is_still_read_over_TCP()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2", answersAfter: TimeSpan.FromSeconds(3));

        await foreach (var frame in new RtspCamera(server.Url("me:hunter2"), TimeProvider.System).ReadAsync(Cancelled))
            break;

        Assert.Equal((0, 2), (server.UdpRequests, server.Descriptions));
    }

    [Theory]
    [InlineData("rtsp://me:a%25b@[fe80::1%25eth0]:554/stream")]
    [InlineData("rtsp://me:a%25b@[fe80::1%eth0]:554/stream")]
    public void The_zone_of_an_IPv6_address_reaches_the_program_without_its_escape(string address) =>
        Assert.Contains(
            "file 'rtsp://me:a%25b@[fe80::1%eth0]:554/stream'",
            new RtspCamera(new Uri(address), TimeProvider.System).Script(RtspTransport.Tcp, TimeSpan.FromSeconds(1)),
            StringComparison.Ordinal);

    [Fact]
    public async Task Only_the_configured_transport_is_used()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        await using var server = RtspServer.Start("me:hunter2", isUdpOnly: true);
        await using var tcp = Feed(
            new RtspCamera(server.Url("me:hunter2"), TimeProvider.System, transport: RtspTransport.Tcp));
        await using var udp = Feed(
            new RtspCamera(server.Url("me:hunter2"), TimeProvider.System, transport: RtspTransport.Udp));

        var refused = await tcp.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        var taken = await udp.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Contains("transport", refused.Problem, StringComparison.Ordinal);
        Assert.Equal(CaptureOutcome.Taken, taken.Outcome);
    }

    private CameraFeed Feed(RtspCamera camera) => new(camera, "yard", OpenCv.Library, TimeProvider.System, _log);
}
