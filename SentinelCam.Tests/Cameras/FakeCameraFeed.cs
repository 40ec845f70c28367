using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Base of tests of a feed that has a fake camera and a fake clock, and no OpenCV.</summary>
public abstract class FakeCameraFeed : IAsyncDisposable
{
    protected static readonly CameraFault Unplugged = new(CaptureOutcome.NoCamera, "It is gone", "Plug it in", Permanent: true);

    private CameraFeed? _feed;
    private int _tag = 1000;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    protected FakeCamera Camera { get; } = new();

    private protected LogRecord<CameraFeed> Log { get; } = new();

    protected DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Made at its first use, unless <see cref="Create"/> has made it.</summary>
    protected CameraFeed Feed => _feed ?? Create();

    public async ValueTask DisposeAsync()
    {
        if (_feed is not null)
            await _feed.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected CameraFeed Create(CameraWarmth warm = CameraWarmth.OnDemand, TimeProvider? time = null) =>
        _feed = new CameraFeed(Camera, "desk", OpenCv.Missing, time ?? Time, Log, new CameraFeedLimits { Warm = warm });

    protected static Frame FrameAt(DateTimeOffset takenAt, int tag) =>
        new(TestJpeg.Tiny(tag), 32, 24, takenAt, FrameQuality.Unchecked);

    /// <summary>A frame that differs from all before it.</summary>
    protected Frame FrameNow() => FrameAt(Now, ++_tag);

    /// <summary>
    /// Lets time pass while frames arrive, the first of them now. Without frames the camera would be closed as silent.
    /// </summary>
    protected async Task SendFramesForAsync(TimeSpan time, TimeSpan? interval = null)
    {
        var step = interval ?? TimeSpan.FromSeconds(4);
        for (var passed = TimeSpan.Zero; ; passed += step)
        {
            var frame = FrameNow();
            Camera.Send(frame);
            await UntilAsync(() => Feed.Status.LastFrameAt == frame.TakenAt);
            if (passed >= time)
                return;
            Time.Advance(step);
        }
    }

    protected Task AdvanceUntilAsync(Task task, TimeSpan step) => UntilAsync(() => task.IsCompleted, step);

    /// <summary>Lets other threads run, and fake time pass in steps, until a condition holds.</summary>
    protected Task UntilAsync(Func<bool> condition, TimeSpan step = default, Action? meanwhile = null) =>
        Eventually.TrueAsync(condition, meanwhile: () =>
        {
            meanwhile?.Invoke();
            if (!condition())
                Time.Advance(step);
        });
}
