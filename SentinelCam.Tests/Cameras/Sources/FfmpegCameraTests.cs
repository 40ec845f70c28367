using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Devices and video files without OpenCV. A script stands in for a device; <c>VividTests</c> has a real one.</summary>
public sealed class FfmpegCameraTests : IDisposable
{
    /// <summary>Pictures of a device that sends JPEG, one after the other.</summary>
    private const string OwnJpeg = "for i in 1 2 3; do cat \"${0%/*}/own.jpg\"; done";

    /// <summary>What the program makes of any other device.</summary>
    private const string Encoded = "for i in 1 2 3; do cat \"${0%/*}/encoded.jpg\"; done";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sentinelcam-test-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_device_that_sends_JPEG_is_read_byte_for_byte()
    {
        var camera = Device($"*'-f v4l2 -input_format mjpeg -video_size 640x480 -i '*video0' -c:v copy '*) {OwnJpeg} ;;");

        var (frames, end) = await ReadAsync(camera);

        Assert.Equal(3, frames.Count);
        Assert.All(frames, frame => Assert.Equal(TestJpeg.Demo(1), frame.Jpeg));
        Assert.Equal(DeviceList.Stopped(0), end);
        Assert.True(camera.StartsDark);
    }

    [Fact]
    public async Task A_JPEG_without_tables_is_encoded_again()
    {
        var bare = TestJpeg.Demo(1);
        // Another segment in place of DHT, which programs skip
        while (bare.AsSpan().IndexOf([(byte)0xFF, (byte)0xC4]) is >= 0 and var at)
            bare[at + 1] = 0xFE;
        var camera = Device(
            $"*'-input_format mjpeg'*'-c:v copy '*) {OwnJpeg} ;; *'-input_format mjpeg'*'-c:v mjpeg '*) {Encoded} ;;", bare);

        var (frames, _) = await ReadAsync(camera);

        Assert.Equal(3, frames.Count);
        Assert.All(frames, frame => Assert.Equal(TestJpeg.Demo(2), frame.Jpeg));
    }

    [Fact]
    public async Task A_device_without_JPEG_is_read_in_its_own_format()
    {
        var camera = Device($"*'-f v4l2 -video_size 640x480 -i '*video0' -c:v mjpeg '*) {Encoded} ;;");

        Assert.Equal(3, (await ReadAsync(camera)).Frames.Count);
    }

    [Fact]
    public async Task If_the_first_device_sends_nothing_the_second_one_is_used()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "video1"), "", Cancelled);
        var camera = Device($"*video1' '*'-c:v copy '*) {OwnJpeg} ;;");

        Assert.Equal(3, (await ReadAsync(camera)).Frames.Count);
    }

    [Fact]
    public async Task A_file_that_is_no_camera_and_an_unplugged_device_are_reported()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        var camera = Device("", program: "ffmpeg");

        var (frames, end) = await ReadAsync(camera);

        Assert.Empty(frames);
        Assert.Equal(DeviceList.InUse(0), end);
        File.Delete(Path.Combine(_folder.FullName, "video0"));
        Assert.Equal(DeviceList.None, camera.Check());
        Assert.Equal(DeviceList.None, (await ReadAsync(camera)).End);
    }

    [Fact]
    public async Task Without_OpenCV_a_failed_sign_in_is_photographed_from_a_video_file_and_mailed()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        var path = Path.Combine(_folder.FullName, "clip.avi");
        await FfmpegProgram.RunAsync(
            Cancelled, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=20:duration=0.5", "-c:v", "mjpeg", path);
        await using var app = await SentinelCamApp.StartAsync(
            null, services => services.AddSingleton(OpenCv.Missing), ("Camera:Source", path));
        using var ann = await app.RegisterAnnAsync();

        var id = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);

        await app.WaitForAcceptedAsync(1);
        Assert.Single(Assert.Single(app.Mails()).Attachments);
        var snapshot = await app.ReadAsync(db => Task.FromResult(db.Snapshots.First(s => s.EntryId == id)));
        Assert.Equal((320, 240, FrameQuality.Unchecked), (snapshot.Width, snapshot.Height, snapshot.Quality));
        Assert.False(snapshot.HasThumbnail);
    }

    private static async Task<(List<Frame> Frames, CameraFault? End)> ReadAsync(ICamera camera)
    {
        List<Frame> frames = [];
        try
        {
            await foreach (var frame in camera.ReadAsync(Cancelled))
                frames.Add(frame);
            return (frames, null);
        }
        catch (CameraException end)
        {
            return (frames, end.Fault);
        }
    }

    /// <summary>A device in a folder made for the test.</summary>
    /// <param name="cases">What the script does for which arguments, as cases of a shell. It fails for all others.</param>
    /// <param name="own">The device's own JPEG.</param>
    /// <param name="program">Another program than the script.</param>
    private ICamera Device(string cases, byte[]? own = null, string? program = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists devices");
        var script = Path.Combine(_folder.FullName, "ffmpeg");
        File.WriteAllText(script, $"#!/bin/sh\ncase \"$*\" in\n{cases}\n*) exit 1 ;;\nesac\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllBytes(Path.Combine(_folder.FullName, "own.jpg"), own ?? TestJpeg.Demo(1));
        File.WriteAllBytes(Path.Combine(_folder.FullName, "encoded.jpg"), TestJpeg.Demo(2));
        File.WriteAllText(Path.Combine(_folder.FullName, "video0"), "");
        return CameraSource.Auto(new DeviceList(_folder.FullName), fallBackToDemo: false)
            .Create(TimeProvider.System, OpenCv.Missing, new StuckThreads(), ffmpeg: program ?? script);
    }
}
