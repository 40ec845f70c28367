using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class DemoCameraTests
{
    [Fact]
    public async Task A_capture_takes_a_small_DEMO_picture_without_any_native_library()
    {
        var library = OpenCv.Missing;
        await using var feed = new CameraFeed(
            new DemoCamera(TimeProvider.System), "desk", library, TimeProvider.System, NullLogger<CameraFeed>.Instance);
        var moment = DateTimeOffset.UtcNow;

        var result = await feed.CaptureAsync(moment, TestContext.Current.CancellationToken);

        Assert.Equal(CaptureOutcome.Taken, result.Outcome);
        Assert.Null(result.Problem);
        var frame = result.Frame!;
        Assert.Equal((640, 480, FrameQuality.Demo), (frame.Width, frame.Height, frame.Quality));
        Assert.InRange(frame.TakenAt, moment, moment.AddSeconds(5));
        Assert.InRange(frame.Jpeg.Length, 1, 25 * 1024);
        Assert.Equal((CameraState.Live, "desk", "demo"), (feed.Status.State, feed.Status.Name, feed.Status.Source));
    }

    [Fact]
    public async Task Its_six_pictures_differ_and_alternate()
    {
        var seen = new HashSet<string>();
        await foreach (var frame in new DemoCamera(TimeProvider.System).ReadAsync(TestContext.Current.CancellationToken))
        {
            seen.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(frame.Jpeg)));
            if (seen.Count == 6)
                break;
        }

        Assert.Equal(6, seen.Count);
    }
}
