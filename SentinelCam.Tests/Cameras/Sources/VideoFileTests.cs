using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class VideoFileTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clip.ts", "-c:v libx264 -pix_fmt yuv420p")]
    [InlineData("clip.h264", "-c:v libx264 -pix_fmt yuv420p")]
    [InlineData("clip.mjpeg", "-c:v mjpeg -q:v 3")]
    [InlineData("clip.mp4", "-c:v libx264 -pix_fmt yuv420p")]
    public async Task A_video_file_starts_over_even_if_it_cannot_be_rewound(string name, string encoding)
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
    public async Task A_video_file_is_played_in_a_loop_at_its_own_rate()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var folder = new TemporaryVideo();
        await FfmpegProgram.RunAsync(
            Cancelled,
            "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=20:duration=0.5", "-c:v", "mjpeg", "-q:v", "3", folder.Path);
        var camera = new NativeCamera(
            "clip.avi", OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(folder.Path),
            _ => VideoFileReader.Open(folder.Path, TimeProvider.System), TimeProvider.System);

        var frames = new List<Frame>();
        await foreach (var frame in camera.ReadAsync(Cancelled))
        {
            frames.Add(frame);
            if (frames.Count == 21) // two loops of its ten frames
                break;
        }

        Assert.All(frames, frame => Assert.True(JpegParser.TryParse(frame.Jpeg, out _)));
        Assert.Equal((320, 240), (frames[0].Width, frames[0].Height));
        // Never faster than its rate; a slow machine may be slower
        Assert.True(frames[20].TakenAt - frames[0].TakenAt >= TimeSpan.FromSeconds(0.9), "played too fast");
        // Not by position: a busy machine drops frames
        Assert.InRange(frames.Select(frame => Convert.ToBase64String(frame.Jpeg)).Distinct().Count(), 2, 10);
        await using var feed = Feed(camera);
        Assert.Equal(FrameQuality.Good, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Frame?.Quality);
    }

    [Fact]
    public async Task A_file_that_is_not_a_video_is_a_bad_frame()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var file = new TemporaryVideo();
        await File.WriteAllTextAsync(file.Path, "not a video", Cancelled);
        await using var feed = Feed(new NativeCamera(
            "clip.avi", OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(file.Path),
            _ => VideoFileReader.Open(file.Path, TimeProvider.System), TimeProvider.System));

        Assert.Equal(CaptureOutcome.BadFrame, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Outcome);
    }

    [Theory]
    [InlineData("mkfifo {0}")]
    [InlineData("mkfifo {0}.fifo && ln -s {0}.fifo {0}")]
    [InlineData("ln -s /dev/zero {0}")]
    [InlineData("touch {0}")]
    public async Task Only_a_regular_file_is_opened_and_the_next_one_plays(string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the files are made by a shell");
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var odd = new TemporaryVideo("odd.mp4");
        using (var shell = Process.Start("sh", ["-c", command.Replace("{0}", odd.Path, StringComparison.Ordinal)]))
            await shell.WaitForExitAsync(Cancelled);
        using var good = await ShortClipAsync();
        await using var feed = Feed(Camera(odd.Path));

        var refused = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        feed.Switch(Camera(good.Path));
        var taken = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.BadFrame, refused.Outcome);
        Assert.Contains("regular file", refused.Problem, StringComparison.Ordinal);
        Assert.Equal(CaptureOutcome.Taken, taken.Outcome);
    }

    [Fact]
    public async Task A_file_that_blocks_when_it_is_opened_blocks_no_other()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a pipe replaces a network drive that does not answer");
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var blocked = new TemporaryVideo("blocked.mp4");
        using (var shell = Process.Start("mkfifo", [blocked.Path]))
            await shell.WaitForExitAsync(Cancelled);
        using var good = await ShortClipAsync();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        // Without the check, which refuses a pipe
        var stuck = new NativeCamera(
            "blocked", OpenCv.Library, new StuckThreads(), () => null,
            _ => VideoFileReader.Open(blocked.Path, TimeProvider.System), TimeProvider.System);
        await using var frames = stuck.ReadAsync(giveUp.Token).GetAsyncEnumerator(giveUp.Token);
        var opening = frames.MoveNextAsync().AsTask();
        await using var feed = Feed(Camera(good.Path));

        var taken = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, false), (taken.Outcome, opening.IsCompletedSuccessfully));
        // Lets the thread end: OpenCV must not find the pipe in its turn, which would block it for all other tests
        await using (var writer = new FileStream(blocked.Path, FileMode.Open, FileAccess.Write))
        {
            File.Delete(blocked.Path);
            await File.WriteAllTextAsync(blocked.Path, "not a video", Cancelled);
            await writer.WriteAsync(new byte[1], Cancelled);
        }

        await Assert.ThrowsAsync<CameraException>(() => opening);
    }

    private static NativeCamera Camera(string path) => new(
        "clip", OpenCv.Library, new StuckThreads(), () => VideoFileReader.Check(path),
        _ => VideoFileReader.Open(path, TimeProvider.System), TimeProvider.System);

    private static async Task<TemporaryVideo> ShortClipAsync()
    {
        var clip = new TemporaryVideo("clip.mp4");
        await FfmpegProgram.RunAsync(
            Cancelled,
            "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=20:duration=0.5", "-c:v", "libx264", "-pix_fmt", "yuv420p",
            clip.Path);
        return clip;
    }

    private static CameraFeed Feed(ICamera camera) =>
        new(camera, "desk", OpenCv.Library, TimeProvider.System, NullLogger<CameraFeed>.Instance);

    private sealed class TemporaryVideo(string name = "clip.avi") : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

        public string Path => System.IO.Path.Combine(_folder.FullName, name);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
