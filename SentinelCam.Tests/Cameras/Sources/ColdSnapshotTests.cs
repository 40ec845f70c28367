using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Snapshot addresses that answer from a buffer, or that cannot be asked often.</summary>
public class ColdSnapshotTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_picture_that_is_left_from_the_last_use_is_not_taken(int behind)
    {
        // The pictures of the last use, then those that were made when they were fetched
        var buffer = new ConcurrentQueue<byte[]>(Enumerable.Range(0, behind).Select(number => Numbered(100 + number)));
        var count = 0;
        await using var server = await CameraServer.StartAsync(context =>
        {
            buffer.Enqueue(Numbered(Interlocked.Increment(ref count)));
            buffer.TryDequeue(out var next);
            return SendAsync(context, next!);
        });
        await using var feed = Feed(server);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.Taken, result.Outcome);
        Assert.InRange(NumberOf(result.Frame!.Jpeg), 1, 99);
    }

    [Fact]
    public async Task A_picture_that_never_changes_counts_after_a_second()
    {
        await using var server = await CameraServer.StartAsync(context => SendAsync(context, Numbered(1)));
        await using var feed = Feed(server);
        var moment = DateTimeOffset.UtcNow;

        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Unchecked), (result.Outcome, result.Frame?.Quality));
        Assert.True(result.Frame!.TakenAt - moment > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task If_nothing_follows_the_first_picture_it_is_labelled()
    {
        var count = 0;
        await using var server = await CameraServer.StartAsync(context =>
        {
            if (Interlocked.Increment(ref count) == 1)
                return SendAsync(context, Numbered(1));
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using var feed = Feed(server);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Stale), (result.Outcome, result.Frame?.Quality));
    }

    [Theory]
    [InlineData(503, 1)]
    [InlineData(429, 1)]
    [InlineData(500, 1)]
    [InlineData(503, 2)]
    public async Task A_camera_that_cannot_be_asked_often_has_not_failed(int status, int seconds)
    {
        var last = DateTimeOffset.MinValue;
        var count = 0;
        await using var server = await CameraServer.StartAsync(context =>
        {
            var now = DateTimeOffset.UtcNow;
            if (now - last < TimeSpan.FromSeconds(seconds))
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            }
            last = now;
            return SendAsync(context, Numbered(++count));
        });
        await using var feed = Feed(server);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        await Eventually.TrueAsync(() => count >= 4);

        Assert.Equal((CaptureOutcome.Taken, null), (result.Outcome, feed.Status.LastError));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3.5)]
    public async Task Pauses_after_refusals_add_up_to_no_silence(double seconds)
    {
        var clock = new PausesOnly();
        var (last, count) = (DateTimeOffset.MinValue, 0);
        await using var server = await CameraServer.StartAsync(context =>
        {
            var now = clock.GetUtcNow();
            if (now - last < TimeSpan.FromSeconds(seconds))
            {
                context.Response.StatusCode = 503;
                return Task.CompletedTask;
            }

            last = now;
            return SendAsync(context, Numbered(++count));
        });
        var times = new List<DateTimeOffset>();

        await foreach (var frame in new HttpCamera(server.Url(), clock).ReadAsync(Cancelled))
        {
            times.Add(clock.GetUtcNow());
            if (times.Count == 6)
                break;
        }

        Assert.All(times.Zip(times.Skip(1), (one, next) => next - one),
            pause => Assert.InRange(pause, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public async Task A_camera_that_is_busy_when_it_is_opened_is_asked_again()
    {
        var count = 0;
        await using var server = await CameraServer.StartAsync(context =>
        {
            if (Interlocked.Increment(ref count) > 2)
                return SendAsync(context, Numbered(count));
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var feed = Feed(server);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, null), (result.Outcome, feed.Status.LastError));
    }

    [Fact]
    public async Task A_camera_that_stays_busy_is_reported_as_such()
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var feed = Feed(server);

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Contains("too busy", result.Problem, StringComparison.Ordinal);
    }

    private static byte[] Numbered(int number) => TestJpeg.Tiny(number);

    private static int NumberOf(byte[] jpeg) =>
        Enumerable.Range(0, 200).First(number => jpeg.AsSpan().SequenceEqual(Numbered(number)));

    private static Task SendAsync(HttpContext context, byte[] jpeg)
    {
        context.Response.ContentType = "image/jpeg";
        return context.Response.Body.WriteAsync(jpeg).AsTask();
    }

    /// <summary>Without OpenCV, which would not decode the small pictures.</summary>
    private static CameraFeed Feed(CameraServer server) => new(
        new HttpCamera(server.Url(), TimeProvider.System), "gate", OpenCv.Missing, TimeProvider.System,
        NullLogger<CameraFeed>.Instance);

    /// <summary>A clock that only moves by the pauses between questions, which pass at once.</summary>
    private sealed class PausesOnly : TimeProvider
    {
        /// <summary>Longer ones are limits that do not come.</summary>
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

        private long _ticks = TestClock.Noon.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime <= LongestPause)
            {
                Interlocked.Add(ref _ticks, dueTime.Ticks);
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }

            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
