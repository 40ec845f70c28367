using System.Diagnostics;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures how close in time a picture is to its attempt, and what the camera costs.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class CameraBenchmarks
{
    private const int Attempts = 200;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task From_the_attempt_to_the_time_in_the_picture_warm()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var app = await StartAsync(stream);
        app.Services.GetRequiredService<CameraFeed>().Warm();
        await WaitForFramesAsync(app);

        var (distances, durations, _) = await MeasureAsync(app, Attempts);

        Table.Print("Warm, 640x480 MJPEG at 30 fps, each attempt at a random time (ms)",
            ("|time in the picture - time of the attempt|", distances), ("the capture job", durations));
    }

    [Fact(Explicit = true)]
    public async Task From_the_attempt_to_the_time_in_the_picture_cold()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var app = await StartAsync(stream, ("Camera:Warm", "Never"), ("Capture:Frames", "1"));

        var (distances, durations, _) = await MeasureAsync(app, Attempts, waitForClosing: true);

        Table.Print("Cold (Camera:Warm=Never), 640x480 MJPEG at 30 fps (ms)",
            ("|time in the picture - time of the attempt|", distances), ("the capture job, opening included", durations));
    }

    [Fact(Explicit = true)]
    public async Task Capture_job_at_1280x720()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync(1280, 720);
        await using var app = await StartAsync(stream);
        app.Services.GetRequiredService<CameraFeed>().Warm();
        await WaitForFramesAsync(app);

        var (distances, durations, bytes) = await MeasureAsync(app, Attempts);

        Table.Print("Warm, 1280x720 MJPEG at 30 fps, the job called directly (ms)",
            ("the capture job, strip and thumbnails included", durations),
            ("|time in the picture - time of the attempt|", distances),
            ("size of a picture (KiB)", bytes));
    }

    [Fact(Explicit = true)]
    public async Task Cost_of_a_warm_feed()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        var source = ("Camera:Source", stream.Url.AbsoluteUri);
        var open = await ProcessorShareAsync(Path.Combine(directory.FullName, "open"), source, ("Camera:Warm", "Always"));
        var closed = await ProcessorShareAsync(Path.Combine(directory.FullName, "closed"), source, ("Camera:Warm", "Never"));
        await using var feed = new CameraFeed(
            new HttpCamera(stream.Url, TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System,
            NullLogger<CameraFeed>.Instance, new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);
        await Task.Delay(TimeSpan.FromSeconds(15), Cancelled);
        directory.Delete(recursive: true);

        Table.Print("A warm feed, 640x480 MJPEG at 30 fps, in a separate process",
            ("whole process, camera open (% of one core)", open), ("whole process, camera closed (% of one core)", closed),
            ("the feed (% of one core)", [.. open.Zip(closed, (with, without) => with - without)]),
            ("ring (MiB)", [feed.Status.RingBytes / 1048576.0]), ("ring (frames)", [feed.Status.RingFrames]));
    }

    private static Task<SentinelCamApp> StartAsync(TimedCamera stream, params (string Key, string? Value)[] settings) =>
        SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            // The job is called directly below, so the queue is not measured
            services.AddSingleton<IBackgroundJobClient, NoJobs>();
        }, [("Camera:Source", stream.Url.AbsoluteUri), .. settings]);

    private static async Task WaitForFramesAsync(SentinelCamApp app)
    {
        while (app.Services.GetRequiredService<CameraFeed>().Status.RingFrames < 90)
            await Task.Delay(10, Cancelled);
    }

    private static async Task<(List<double> Distances, List<double> Durations, List<double> Kibibytes)> MeasureAsync(
        SentinelCamApp app, int count, bool waitForClosing = false)
    {
        const int WarmUp = 5;
        var random = new Random(1);
        var (distances, durations, sizes) = (new List<double>(), new List<double>(), new List<double>());
        var camera = app.Services.GetRequiredService<CameraFeed>();
        for (var round = -WarmUp; round < count; round++)
        {
            await Task.Delay(random.Next(50, 150), Cancelled);
            while (waitForClosing && camera.Status.State != CameraState.Off)
                await Task.Delay(10, Cancelled);
            await using var scope = app.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            var at = DateTimeOffset.UtcNow;
            var entry = db.Add(new ImageLogEntry { Trigger = CaptureTrigger.Manual, At = at, CaptureDueAt = at }).Entity;
            await db.SaveChangesAsync(Cancelled);

            var started = Stopwatch.GetTimestamp();
            await ActivatorUtilities.CreateInstance<CaptureSnapshotJob>(scope.ServiceProvider).RunAsync(entry.Id, Cancelled);
            var duration = Stopwatch.GetElapsedTime(started).TotalMilliseconds;

            var snapshot = await app.ReadAsync(
                all => all.Snapshots.AsNoTracking().SingleAsync(s => s.EntryId == entry.Id, Cancelled));
            if (round < 0)
                continue;
            var jpeg = await File.ReadAllBytesAsync(Path.Combine(app.DataDirectory, "snapshots", snapshot.FileName), Cancelled);
            distances.Add(Math.Abs((TimeCode.Read(jpeg) - at).TotalMilliseconds));
            durations.Add(duration);
            sizes.Add(jpeg.Length / 1024.0);
        }

        return (distances, durations, sizes);
    }

    /// <summary>Measures the process after its start-up work, six times for ten seconds each.</summary>
    /// <returns>Percent of one core.</returns>
    private static async Task<List<double>> ProcessorShareAsync(
        string dataDirectory, params (string Key, string? Value)[] settings)
    {
        await using var app = SentinelCamProcess.Start(dataDirectory, settings);
        using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
        await visitor.GetAsync("/");
        await Task.Delay(TimeSpan.FromSeconds(30), Cancelled);
        var shares = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            var (used, began) = (app.ProcessorTime, Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(10), Cancelled);
            shares.Add((app.ProcessorTime - used) / Stopwatch.GetElapsedTime(began) * 100);
        }

        return shares;
    }

    private sealed class NoJobs : IBackgroundJobClient
    {
        public string Create(Hangfire.Common.Job job, Hangfire.States.IState state) => "";

        public bool ChangeState(string jobId, Hangfire.States.IState state, string expectedState) => true;
    }
}
