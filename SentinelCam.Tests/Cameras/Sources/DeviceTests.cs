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

    [Theory]
    [InlineData("v4l/by-id/usb-Maker_Cam_12-video-index0")]
    [InlineData("v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0")]
    [InlineData("door")]
    [InlineData("../links/door")]
    public void A_link_leads_to_its_device_even_if_its_number_changes(string link)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var folder = Directory.CreateTempSubdirectory();
        var dev = folder.CreateSubdirectory("dev");
        var path = Path.GetFullPath(Path.Combine(dev.FullName, link));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Plug("video0");
        var devices = new DeviceList(dev.FullName);
        var camera = CameraSource.Parse(path, new TestEnvironment(), devices: devices)
            .Create(TimeProvider.System, OpenCv.Library, new StuckThreads());

        Assert.Equal((path, true), (camera.Source, camera.StartsDark));
        Assert.Equal((0, null), (devices.IndexOf(path), devices.Check(path)));
        Unplug("video0");
        Assert.Equal(CaptureOutcome.NoCamera, camera.Check()?.Outcome);
        Plug("video3");
        Assert.Equal((3, null), (devices.IndexOf(path), devices.Check(path)));
        // By any name it is the same camera
        Assert.Equal(["device 3", "device 3", "device 0", "auto"], new[] { path, "3", "0", "auto" }.Select(source =>
            CameraSource.Parse(source, new TestEnvironment(), devices: devices)
                .Create(TimeProvider.System, OpenCv.Library, new StuckThreads()).Identity));
        folder.Delete(recursive: true);

        void Plug(string device)
        {
            File.WriteAllText(Path.Combine(dev.FullName, device), "");
            // As udev does, relative and here through a second link
            var target = Path.GetRelativePath(Path.GetDirectoryName(path)!, Path.Combine(dev.FullName, device));
            File.CreateSymbolicLink(path + ".2", target);
            File.CreateSymbolicLink(path, path + ".2");
        }

        void Unplug(string device)
        {
            File.Delete(Path.Combine(dev.FullName, device));
            File.Delete(path + ".2");
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("/dev/v4l/by-id/no-such-camera")]
    [InlineData("/dev/no-such-camera")]
    public void The_link_of_a_camera_that_is_not_connected_is_a_device_and_not_a_video_file(string link)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");

        var camera = CameraSource.Parse(link, new TestEnvironment())
            .Create(TimeProvider.System, OpenCv.Library, new StuckThreads());

        Assert.Equal($"There is no camera at {link}", camera.Check()?.Problem);
    }

    [Fact]
    public void Found_devices_have_the_link_that_survives_a_restart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var folder = Directory.CreateTempSubdirectory();
        foreach (var name in new[] { "video0", "video1", "video2" })
            File.WriteAllText(Path.Combine(folder.FullName, name), "");
        var (byId, byPath) = (folder.CreateSubdirectory("v4l/by-id"), folder.CreateSubdirectory("v4l/by-path"));
        File.CreateSymbolicLink(Path.Combine(byId.FullName, "usb-a"), "../../video1");
        File.CreateSymbolicLink(Path.Combine(byPath.FullName, "pci-1"), "../../video1");
        File.CreateSymbolicLink(Path.Combine(byPath.FullName, "pci-2"), "../../video2");

        var sources = new DeviceList(folder.FullName).Found().Select(device => device.Source).ToList();
        folder.Delete(recursive: true);

        Assert.Equal(["0", Path.Combine(byId.FullName, "usb-a"), Path.Combine(byPath.FullName, "pci-2")], sources);
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
