using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Cameras.Frames;
using SentinelCam.Cameras.Sources;
using SentinelCam.Data;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras.Sources;

public class NativeCameraTests
{
    private static readonly OpenCvLibrary AnyLibrary = new(() => { });

    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clip.ts", "-c:v libx264 -pix_fmt yuv420p")]
    [InlineData("clip.h264", "-c:v libx264 -pix_fmt yuv420p")]
    [InlineData("clip.mjpeg", "-c:v mjpeg -q:v 3")]
    [InlineData("clip.mp4", "-c:v libx264 -pix_fmt yuv420p")]
    public async Task A_video_file_begins_anew_also_where_it_cannot_be_rewound(string name, string encoding)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var folder = new TemporaryVideo(name);
        await FfmpegProgram.RunAsync(
            Cancelled, ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=20:duration=0.5", .. encoding.Split(' '), folder.Path]);
        var camera = new NativeCamera(
            name, OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(folder.Path),
            _ => VideoFileReader.Open(folder.Path, TimeProvider.System), TimeProvider.System);

        var frames = 0;
        await foreach (var frame in camera.ReadAsync(Cancelled))
            if (++frames == 35)
                break;
    }

    [Fact]
    public async Task A_video_file_is_played_at_its_own_rate_over_and_over()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var folder = new TemporaryVideo();
        await FfmpegProgram.RunAsync(
            Cancelled, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=20:duration=0.5", "-c:v", "mjpeg", "-q:v", "3", folder.Path);
        var camera = new NativeCamera(
            "clip.avi", OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(folder.Path),
            _ => VideoFileReader.Open(folder.Path, TimeProvider.System), TimeProvider.System);

        var frames = new List<Frame>();
        await foreach (var frame in camera.ReadAsync(Cancelled))
        {
            frames.Add(frame);
            if (frames.Count == 21) // twice through its ten frames
                break;
        }

        Assert.All(frames, frame => Assert.True(JpegParser.TryParse(frame.Jpeg, out _)));
        Assert.Equal((320, 240), (frames[0].Width, frames[0].Height));
        // Never faster than its rate; how much slower is up to the machine
        Assert.True(frames[20].TakenAt - frames[0].TakenAt >= TimeSpan.FromSeconds(0.9), "played too fast");
        Assert.Equal(frames[1].Jpeg, frames[11].Jpeg);
        await using var feed = Feed(camera);
        Assert.Equal(FrameQuality.Good, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Frame?.Quality);
    }

    [Fact]
    public async Task A_file_that_is_no_video_is_a_bad_frame()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var file = new TemporaryVideo();
        await File.WriteAllTextAsync(file.Path, "no video", Cancelled);
        await using var feed = Feed(new NativeCamera(
            "clip.avi", OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(file.Path),
            _ => VideoFileReader.Open(file.Path, TimeProvider.System), TimeProvider.System));

        Assert.Equal(CaptureOutcome.BadFrame, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Outcome);
    }

    [Fact]
    public async Task A_device_that_is_absent_is_a_named_state_with_its_remedy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        Assert.SkipWhen(File.Exists("/dev/video63"), "there is a /dev/video63");
        var devices = new DeviceList();
        await using var feed = Feed(new NativeCamera(
            "63", OpenCv.Library, new StuckThreads(), () => devices.Check(63), _ => DeviceReader.OpenFirst([63], TimeProvider.System), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.NoCamera, result.Outcome);
        Assert.Equal("There is no camera at /dev/video63: plug one in, or choose another source.", result.Problem);
        Assert.Equal((CameraState.NoCamera, "There is no camera at /dev/video63."), (feed.Status.State, feed.Status.Problem));
    }

    [Fact]
    public async Task A_device_file_that_is_no_camera_cannot_be_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var feed = Feed(new NativeCamera(
            "63", OpenCv.Library, new StuckThreads(), () => null, _ => DeviceReader.OpenFirst([63], TimeProvider.System), TimeProvider.System));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Unreachable, DeviceList.InUse(63).Sentence), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task Without_the_native_library_the_missing_package_is_named_and_nothing_is_opened()
    {
        await using var feed = Feed(new NativeCamera(
            "0", OpenCv.Missing, new StuckThreads(), () => null, _ => throw new InvalidOperationException("opened"), TimeProvider.System));

        await feed.StartAsync(Cancelled);
        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.MissingLibrary, CameraState.MissingLibrary), (result.Outcome, feed.Status.State));
        if (OperatingSystem.IsLinux())
            Assert.Contains("apt-get install libgtk-3-0", feed.Status.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_is_stuck_is_abandoned_three_times_and_then_it_is_a_fault()
    {
        using var stuck = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var opened = 0;
        // One after another, as a source that is chosen anew: it gets no further threads for that
        var stuckThreads = new StuckThreads();
        NativeCamera Camera() => new(
            "stuck in reading", AnyLibrary, stuckThreads, () => null,
            _ =>
            {
                Interlocked.Increment(ref opened);
                return new StuckReader(stuck);
            },
            time);
        var camera = Camera();

        var abandoned = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ReadOnceAsync(Camera())));
        while (!abandoned.IsCompleted)
        {
            await Task.Delay(10, Cancelled);
            time.Advance(TimeSpan.FromSeconds(1));
        }
        await abandoned;
        var fault = await Assert.ThrowsAsync<CameraException>(() => ReadOnceAsync(camera));
        stuck.Set();

        Assert.Equal((3, CaptureOutcome.TimedOut), (opened, fault.Fault.Outcome));
        // Threads that come back after all are forgiven
        while (true)
        {
            await Task.Delay(10, Cancelled);
            if (await Record.ExceptionAsync(() => ReadOnceAsync(camera)) is null)
                break;
        }
    }

    [Fact]
    public async Task A_driver_that_hangs_in_opening_is_left_behind_after_ten_seconds_and_tried_three_times()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows takes up to 20 seconds to open a device");
        using var stuck = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var began = time.GetUtcNow();
        var opened = new System.Collections.Concurrent.ConcurrentQueue<double>();
        var camera = new NativeCamera(
            "stuck in opening", AnyLibrary, new StuckThreads(), () => null,
            _ =>
            {
                opened.Enqueue((time.GetUtcNow() - began).TotalSeconds);
                stuck.Wait(CancellationToken.None);
                throw new CameraException(CameraFaults.Ended);
            },
            time);
        await using var feed = new CameraFeed(
            camera, "desk", OpenCv.Missing, time, NullLogger<CameraFeed>.Instance, new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);

        while (feed.Status.Problem?.Contains("hung three times", StringComparison.Ordinal) != true)
        {
            await Task.Delay(10, Cancelled);
            time.Advance(TimeSpan.FromSeconds(0.25));
        }
        stuck.Set();

        // Ten seconds each, and the pauses of one and two seconds between them; each wait is noticed late, on a busy machine later
        var at = opened.ToArray();
        Assert.Equal(3, at.Length);
        Assert.InRange(at[1] - at[0], 11, 20);
        Assert.InRange(at[2] - at[1], 12, 21);
    }

    [Fact]
    public async Task Where_nobody_develops_auto_without_a_device_reports_that_there_is_none()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        var empty = Directory.CreateTempSubdirectory();
        await using var feed = Feed(CameraSource.Auto(new DeviceList(empty.FullName), fallBackToDemo: false).Create(TimeProvider.System, OpenCv.Missing, new StuckThreads()));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        empty.Delete();

        Assert.Equal((CaptureOutcome.NoCamera, DeviceList.None.Sentence), (result.Outcome, result.Problem));
        Assert.Equal((CameraState.NoCamera, "auto"), (feed.Status.State, feed.Status.Source));
    }

    [Fact]
    public async Task In_development_auto_without_a_device_falls_back_to_demo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        var empty = Directory.CreateTempSubdirectory();
        await using var feed = Feed(CameraSource.Auto(new DeviceList(empty.FullName), fallBackToDemo: true).Create(TimeProvider.System, OpenCv.Missing, new StuckThreads()));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        empty.Delete();

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Demo), (result.Outcome, result.Frame?.Quality));
        Assert.Equal((CameraState.Live, "DEMO pictures, because: No camera is connected."), (feed.Status.State, feed.Status.Problem));
    }

    [Fact]
    public async Task In_development_auto_without_the_native_library_falls_back_to_demo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        var folder = Directory.CreateTempSubdirectory();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "video0"), "", Cancelled);
        await using var feed = Feed(CameraSource.Auto(new DeviceList(folder.FullName), fallBackToDemo: true).Create(TimeProvider.System, OpenCv.Missing, new StuckThreads()));

        await feed.StartAsync(Cancelled);
        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        folder.Delete(recursive: true);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Demo), (result.Outcome, result.Frame?.Quality));
        Assert.Equal(
            (CameraState.Live, $"DEMO pictures, because: {CameraFaults.OpenCvMissing.Problem}.", $"{CameraFaults.OpenCvMissing.Remedy}."),
            (feed.Status.State, feed.Status.Problem, feed.Status.Remedy));
        Assert.StartsWith("live, DEMO pictures, ", CameraWords.Of(feed.Status), StringComparison.Ordinal);
        await feed.StopAsync(Cancelled);
        Assert.Contains(_log.Lines, line => line.EndsWith($"is live: 640x480, DEMO pictures, because: {CameraFaults.OpenCvMissing.Sentence}", StringComparison.Ordinal));
    }

    [Fact]
    public void Devices_are_found_by_number()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells which devices there are");
        var folder = Directory.CreateTempSubdirectory();
        foreach (var name in new[] { "video10", "video2", "video", "videoX", "video99", "vide0" })
            File.WriteAllText(Path.Combine(folder.FullName, name), "");

        var indices = new DeviceList(folder.FullName).Indices;
        folder.Delete(recursive: true);

        Assert.Equal([2, 10], indices);
    }

    private CameraFeed Feed(ICamera camera) => new(camera, "desk", OpenCv.Library, TimeProvider.System, _log);

    /// <summary>Opens, waits a little for a frame, and lets go.</summary>
    private static async Task ReadOnceAsync(NativeCamera camera)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));
        try
        {
            await foreach (var frame in camera.ReadAsync(soon.Token))
                return;
        }
        catch (OperationCanceledException e)
        {
            Assert.True(soon.IsCancellationRequested, e.Message);
        }
        catch (CameraException e) when (e.Fault == CameraFaults.Silent)
        {
            // The fake clock was faster
        }
    }

    private sealed class StuckReader(ManualResetEventSlim until) : INativeReader
    {
        public Frame Read(CancellationToken stop)
        {
            until.Wait(CancellationToken.None);
            return TestJpeg.Good(DateTimeOffset.UtcNow);
        }

        public void Dispose()
        {
        }
    }

    private sealed class TemporaryVideo(string name = "clip.avi") : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

        public string Path => System.IO.Path.Combine(_folder.FullName, name);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
