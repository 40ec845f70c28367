using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class NativeCameraTests
{
    private static readonly OpenCvLibrary AnyLibrary = new(() => { });

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_native_library_the_missing_package_is_named_and_no_device_is_opened()
    {
        await using var feed = Feed(new NativeCamera(
            "0", OpenCv.Missing, new StuckThreads(), () => null, _ => throw new InvalidOperationException("opened"),
            TimeProvider.System));

        await feed.StartAsync(Cancelled);
        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.MissingLibrary, CameraState.MissingLibrary), (result.Outcome, feed.Status.State));
        if (OperatingSystem.IsLinux())
            Assert.Contains("apt-get install libgtk-3-0", feed.Status.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_three_stuck_readers_the_source_has_failed()
    {
        using var stuck = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var opened = 0;
        // A new camera each time, as when the source is chosen again: that must not reset the count
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
        await Eventually.TrueAsync(() => abandoned.IsCompleted, meanwhile: () => time.Advance(TimeSpan.FromSeconds(1)));
        await abandoned;
        var fault = await Assert.ThrowsAsync<CameraException>(() => ReadOnceAsync(camera));
        stuck.Set();

        Assert.Equal((3, CaptureOutcome.TimedOut), (opened, fault.Fault.Outcome));
        // Threads that return are no longer counted
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(() => ReadOnceAsync(camera)) is null);
    }

    [Fact]
    public async Task A_driver_that_hangs_on_opening_is_abandoned_after_ten_seconds_and_tried_three_times()
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
            camera, "desk", OpenCv.Missing, time, NullLogger<CameraFeed>.Instance,
            new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);
        // The clock stands still until the first try has begun
        await Eventually.TrueAsync(() => !opened.IsEmpty);

        await Eventually.TrueAsync(
            () => feed.Status.Problem?.Contains("stopped responding three times", StringComparison.Ordinal) == true,
            meanwhile: () => time.Advance(TimeSpan.FromSeconds(0.25)));
        stuck.Set();

        // Ten seconds each, with pauses of one and two seconds; each wait is noticed late, on a busy machine even later
        var at = opened.ToArray();
        Assert.Equal(3, at.Length);
        Assert.InRange(at[1] - at[0], 11, 20);
        Assert.True(at[2] - at[0] >= 23);
        Assert.True(at[2] - at[1] <= 21);
    }

    [Fact]
    public async Task A_camera_that_was_unplugged_while_it_was_read_is_reported_as_missing()
    {
        var isPluggedIn = true;
        var camera = new NativeCamera(
            "0", AnyLibrary, new StuckThreads(), () => isPluggedIn ? null : DeviceList.None,
            _ => new ReaderOfOne(() =>
            {
                isPluggedIn = false;
                throw new CameraException(DeviceList.Stopped(0));
            }),
            TimeProvider.System);

        var fault = await Assert.ThrowsAsync<CameraException>(async () =>
        {
            await foreach (var frame in camera.ReadAsync(Cancelled))
                Assert.True(frame.Width > 0);
        });

        Assert.Equal(DeviceList.None, fault.Fault);
    }

    private static CameraFeed Feed(ICamera camera) =>
        new(camera, "desk", OpenCv.Library, TimeProvider.System, NullLogger<CameraFeed>.Instance);

    /// <summary>Opens the camera, waits briefly for a frame, and closes it.</summary>
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

    /// <summary>Gives one frame, then ends as the test chooses.</summary>
    private sealed class ReaderOfOne(Action end) : INativeReader
    {
        private bool _hasRead;

        public Frame Read(CancellationToken stop)
        {
            if (_hasRead)
                end();
            _hasRead = true;
            return TestJpeg.Good(DateTimeOffset.UtcNow);
        }

        public void Dispose()
        {
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
}
