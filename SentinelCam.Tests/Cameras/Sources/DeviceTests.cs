using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class DeviceTests
{
    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_device_is_reported_with_its_remedy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        Assert.SkipWhen(File.Exists("/dev/video63"), "there is a /dev/video63");
        var devices = new DeviceList();
        await using var feed = Feed(Device(() => devices.Check(63)));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.NoCamera, result.Outcome);
        Assert.Equal("There is no camera at /dev/video63. Connect one, or choose another source.", result.Problem);
        Assert.Equal((CameraState.NoCamera, "There is no camera at /dev/video63."), (feed.Status.State, feed.Status.Problem));
    }

    [Fact]
    public async Task A_device_file_that_is_not_a_camera_cannot_be_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var feed = Feed(Device(() => null));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Unreachable, DeviceList.InUse(63).Text), (result.Outcome, result.Problem));
    }

    [Fact]
    public void Devices_are_found_by_number()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var folder = Directory.CreateTempSubdirectory();
        foreach (var name in new[] { "video10", "video2", "video", "videoX", "video99", "vide0" })
            File.WriteAllText(Path.Combine(folder.FullName, name), "");

        var indices = new DeviceList(folder.FullName).Indices;
        folder.Delete(recursive: true);

        Assert.Equal([2, 10], indices);
    }

    [Fact]
    public async Task In_production_auto_without_a_device_reports_a_missing_camera()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var empty = Directory.CreateTempSubdirectory();
        await using var feed = Feed(Auto(empty, fallBackToDemo: false));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        empty.Delete();

        Assert.Equal((CaptureOutcome.NoCamera, DeviceList.None.Text), (result.Outcome, result.Problem));
        Assert.Equal((CameraState.NoCamera, "auto"), (feed.Status.State, feed.Status.Source));
    }

    [Fact]
    public async Task In_development_auto_without_a_device_falls_back_to_demo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var empty = Directory.CreateTempSubdirectory();
        await using var feed = Feed(Auto(empty, fallBackToDemo: true));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        empty.Delete();

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Demo), (result.Outcome, result.Frame?.Quality));
        Assert.Equal(
            (CameraState.Live, "Showing DEMO pictures. No camera is connected."), (feed.Status.State, feed.Status.Problem));
    }

    [Fact]
    public async Task In_development_auto_without_the_native_library_falls_back_to_demo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var folder = Directory.CreateTempSubdirectory();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "video0"), "", Cancelled);
        await using var feed = Feed(Auto(folder, fallBackToDemo: true));

        await feed.StartAsync(Cancelled);
        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Demo), (result.Outcome, result.Frame?.Quality));
        var (status, missing) = (feed.Status, CameraFaults.OpenCvMissing);
        Assert.Equal(
            (CameraState.Live, $"Showing DEMO pictures. {missing.Problem}.", $"{missing.Remedy}."),
            (status.State, status.Problem, status.Remedy));
        Assert.StartsWith("live, DEMO pictures, ", CameraWords.Of(status), StringComparison.Ordinal);
        await feed.StopAsync(Cancelled);
        Assert.Contains(
            _log.Lines, line => line.EndsWith($"is live: 640x480, DEMO pictures. {missing.Text}", StringComparison.Ordinal));
        // Only now: the check that the start runs in the background may come late
        folder.Delete(recursive: true);
    }

    private static ICamera Auto(DirectoryInfo devices, bool fallBackToDemo) => CameraSource
        .Auto(new DeviceList(devices.FullName), fallBackToDemo)
        .Create(TimeProvider.System, OpenCv.Missing, new StuckThreads());

    private static NativeCamera Device(Func<CameraFault?> check) => new(
        "63", OpenCv.Library, new StuckThreads(), check, _ => DeviceReader.OpenFirst([63], TimeProvider.System),
        TimeProvider.System);

    private CameraFeed Feed(ICamera camera) => new(camera, "desk", OpenCv.Library, TimeProvider.System, _log);
}
