using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Runs alone, because it counts what the whole process has open.</summary>
[CollectionDefinition(nameof(CameraLeakTests), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Opening and closing a camera 200 times leaks no threads, handles or memory.</summary>
[Collection(nameof(CameraLeakTests))]
public class CameraLeakTests
{
    private const int Cycles = 200;

    /// <summary>Tolerance for each count. A leak of one per cycle would be ten times as much.</summary>
    private const int Slack = 20;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_MJPEG_stream_does_not_leak()
    {
        await using var server = await CameraServer.StartAsync(async context =>
        {
            context.Response.ContentType = "multipart/x-mixed-replace; boundary=frame";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(TestJpeg.Demo(), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(1, context.RequestAborted);
            }
        });
        var camera = new HttpCamera(server.Url(), _time);

        await OpenAndCloseAsync(camera);
    }

    [Fact]
    public async Task A_camera_that_OpenCV_reads_does_not_leak()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var folder = Directory.CreateTempSubdirectory();
        var path = Path.Combine(folder.FullName, "clip.avi");
        await FfmpegProgram.RunAsync(
            Cancelled, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30:duration=0.5", "-c:v", "mjpeg", "-q:v", "3", path);

        await OpenAndCloseAsync(new NativeCamera(
            "clip", OpenCv.Library, new StuckThreads(), () => null, _ => VideoFileReader.Open(path, _time), _time));

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_camera_that_a_program_reads_does_not_leak()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a shell script replaces ffmpeg, which is too slow to start so often");
        var folder = Directory.CreateTempSubdirectory();
        var picture = Path.Combine(folder.FullName, "picture.jpg");
        await File.WriteAllBytesAsync(picture, TestJpeg.Demo(), Cancelled);
        var program = Path.Combine(folder.FullName, "ffmpeg");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\ncat {picture}\nexec sleep 60\n", Cancelled);
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await OpenAndCloseAsync(new RtspCamera(new Uri("rtsp://127.0.0.1/stream"), _time, program));

        folder.Delete(recursive: true);
    }

    private async Task OpenAndCloseAsync(ICamera camera)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads and handles are counted in /proc");
        var blind = OpenCv.Missing;
        await using var feed = new CameraFeed(camera, "desk", blind, _time, NullLogger<CameraFeed>.Instance);
        for (var i = 0; i < 20; i++)
            await CycleAsync(feed);
        var before = Count();

        for (var i = 0; i < Cycles; i++)
            await CycleAsync(feed);

        // Closed resources may be released a moment later
        await Eventually.GetAsync(Count, after => IsLike(before, after), () => $"Before: {before}");
    }

    private async Task CycleAsync(CameraFeed feed)
    {
        feed.Warm();
        while (feed.Status.RingFrames == 0)
            await Task.Delay(1, Cancelled);
        _time.Advance(TimeSpan.FromSeconds(61));
        while (feed.Status.State != CameraState.Off)
            await Task.Delay(1, Cancelled);
    }

    private static bool IsLike(Resources before, Resources after) =>
        after.Threads - before.Threads < Slack
        && after.Handles - before.Handles < Slack
        && after.Megabytes - before.Megabytes < Slack;

    private static Resources Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return new Resources(
            Directory.GetDirectories("/proc/self/task").Length,
            Directory.GetFiles("/proc/self/fd").Length,
            GC.GetTotalMemory(forceFullCollection: true) >> 20);
    }

    private sealed record Resources(int Threads, int Handles, long Megabytes);
}
