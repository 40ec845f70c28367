using System.Diagnostics;
using System.Globalization;
using System.Text;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>RTSP with GStreamer's server, whose pictures contain their own time.</summary>
public class RtspServerTests
{
    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_RTSP_picture_shows_the_moment_and_a_restarted_server_is_found_again()
    {
        Assert.SkipUnless(GstRtspServer.IsAvailable, GstRtspServer.Why);
        var server = await GstRtspServer.StartAsync("hunter2");
        await using var feed = new CameraFeed(
            new RtspCamera(server.Url, TimeProvider.System), "yard", OpenCv.Library, TimeProvider.System, _log,
            new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => feed.Status.RingFrames > 30);

        await IsOfNowAsync(feed);
        await server.DisposeAsync();
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Failed);
        await using var again = await GstRtspServer.StartAsync("hunter2", server.Port);
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Live);
        await IsOfNowAsync(feed);

        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_ffmpeg_program_hides_the_password_is_replaced_when_it_dies_and_dies_with_the_app()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes are read from /proc");
        Assert.SkipUnless(GstRtspServer.IsAvailable, GstRtspServer.Why);
        var password = "secret" + Guid.NewGuid().ToString("N");
        await using var server = await GstRtspServer.StartAsync(password);
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-");
        await using (var app = SentinelCamProcess.Start(
            Path.Combine(directory.FullName, "data"), ("Camera:Source", server.Url.AbsoluteUri), ("Camera:Warm", "Always")))
        {
            await app.Address;
            await Eventually.TrueAsync(() => app.Said.Contains("is live", StringComparison.Ordinal));
            var first = FfmpegOf(app.Id);
            Assert.NotNull(first);
            // The app's own environment contains the address; what others can list must not
            Assert.DoesNotContain(Processes(), process => CommandLine(process).Contains(password, StringComparison.Ordinal));
            Assert.DoesNotContain(password, app.Said, StringComparison.Ordinal);

            using (var ffmpeg = Process.GetProcessById(first.Value))
                ffmpeg.Kill();
            await Eventually.TrueAsync(() => FfmpegOf(app.Id) is { } other && other != first);
            var second = FfmpegOf(app.Id)!.Value;

            await app.KillAsync();
            await Eventually.TrueAsync(() => !CommandLine(second).Contains("ffmpeg", StringComparison.Ordinal));
        }
        directory.Delete(recursive: true);
    }

    private static async Task IsOfNowAsync(CameraFeed feed)
    {
        var moment = DateTimeOffset.UtcNow;
        var result = await feed.CaptureAsync(moment, Cancelled);
        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Good), (result.Outcome, result.Frame?.Quality));
        // Encoding, network and decoding take time, but the picture must not be from another minute
        Assert.InRange(TimeCode.Read(result.Frame!.Jpeg), moment.AddSeconds(-15), DateTimeOffset.UtcNow);
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(Path.GetFileName)
        .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    /// <summary>Empty for a process that has ended.</summary>
    private static string CommandLine(int process) => Read($"/proc/{process}/cmdline");

    private static int? FfmpegOf(int parent) => Processes().Cast<int?>().FirstOrDefault(process =>
        Read($"/proc/{process}/stat") is var stat
        && (stat.Contains($"(ffmpeg) S {parent} ", StringComparison.Ordinal)
            || stat.Contains($"(ffmpeg) R {parent} ", StringComparison.Ordinal)));

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.Latin1);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
