using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenCvSharp;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>
/// The whole app with two cameras of Linux's <c>vivid</c> driver. <see cref="EmulatedMachineTests"/> runs these tests in a
/// machine that has them.
/// </summary>
public sealed class VividTests : IAsyncLifetime
{
    private const string Driver = "/sys/bus/platform/drivers/vivid";
    private const string First = "/dev/v4l/by-id/usb-Vivid_Camera_A-video-index0";
    private const string Second = "/dev/v4l/by-id/usb-Vivid_Camera_B-video-index0";

    /// <summary>The driver's test patterns.</summary>
    private const int Bars = 0, Black = 5, Red = 7, Blue = 9;

    private readonly Stopwatch _sinceAttempt = new();
    private readonly List<Process> _others = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Driver, "vivid.0")), "needs two cameras of the vivid driver");
        await ShowAsync(First, Bars);
        await ShowAsync(Second, Bars);
    }

    /// <summary>Ends other programs and plugs the cameras in again, even after a failure.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in _others)
        {
            await EndAsync(process);
            process.Dispose();
        }

        if (Directory.Exists(Driver) && !Directory.Exists(Path.Combine(Driver, "vivid.0")))
            await PlugAsync(true);
    }

    [Fact(Explicit = true)]
    public async Task A_device_is_found_and_a_failed_sign_in_is_photographed_and_mailed()
    {
        await using var app = await StartAsync("auto");

        var entry = await FailAsync(app);

        Assert.Equal((CaptureState.Taken, null), (entry.CaptureState, entry.CaptureProblem));
        Assert.Equal((640, 480, FrameQuality.Good), (entry.Snapshot!.Width, entry.Snapshot.Height, entry.Snapshot.Quality));
        await app.WaitForAcceptedAsync(1);
        Assert.Single(Assert.Single(app.Mails()).Attachments);
    }

    [Theory(Explicit = true)]
    [InlineData("auto")]
    [InlineData("/dev/video0")]
    public async Task Without_OpenCV_a_device_is_read_by_ffmpeg(string source)
    {
        // Starting the program takes longer here than a capture waits
        await using var app = await StartAsync(
            source, services => services.AddSingleton(OpenCv.Missing), ("Camera:Warm", "Always"));
        var camera = app.Services.GetRequiredService<CameraFeed>();
        await Eventually.TrueAsync(() => camera.Status.State == CameraState.Live, app.Log);

        var entry = await FailAsync(app);

        Assert.Equal((CaptureState.Taken, null), (entry.CaptureState, entry.CaptureProblem));
        Assert.Equal(
            (640, 480, FrameQuality.Unchecked), (entry.Snapshot!.Width, entry.Snapshot.Height, entry.Snapshot.Quality));
        await app.WaitForAcceptedAsync(1);
        Assert.Single(Assert.Single(app.Mails()).Attachments);
    }

    [Fact(Explicit = true)]
    public async Task A_black_picture_is_labelled_and_so_is_its_mail()
    {
        await ShowAsync(First, Black, hasText: false);
        await using var app = await StartAsync("0");

        var entry = await FailAsync(app);

        Assert.Equal(FrameQuality.Black, entry.Snapshot!.Quality);
        await app.WaitForAcceptedAsync(1);
        Assert.Contains("black picture", Assert.Single(app.Mails()).PlainOnOneLine(), StringComparison.Ordinal);
        await ShowAsync(First, Bars);
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);
    }

    [Fact(Explicit = true)]
    public async Task A_device_that_another_program_uses_is_reported_and_used_when_it_is_free()
    {
        var other = await OccupyAsync(First);
        await using var app = await StartAsync("0");

        var entry = await FailAsync(app);

        Assert.Null(entry.Snapshot);
        Assert.Equal(DeviceList.InUse(0).Text, entry.CaptureProblem);
        await app.WaitForAcceptedAsync(1);
        Assert.Contains("Camera 0 is connected but cannot be opened", Assert.Single(app.Mails()).PlainOnOneLine(),
            StringComparison.Ordinal);
        await EndAsync(other);
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);
    }

    [Fact(Explicit = true)]
    public async Task While_another_program_uses_the_first_device_the_second_one_is_used()
    {
        await ShowAsync(Second, Blue);
        await OccupyAsync(First);
        await using var app = await StartAsync("auto");

        Assert.Equal("blue", ColourOf(app, await FailAsync(app)));
    }

    [Fact(Explicit = true)]
    public async Task Both_devices_are_offered_with_their_lasting_names_and_either_can_be_chosen()
    {
        await ShowAsync(First, Red);
        await ShowAsync(Second, Blue);
        await using var app = await StartAsync(null);
        using var ann = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);

        var page = await ann.GetAsync("/admin/camera");
        Assert.Contains(First, page.Main, StringComparison.Ordinal);
        Assert.Contains(Second, page.Main, StringComparison.Ordinal);

        foreach (var (source, colour) in new[] { (Second, "blue"), (First, "red"), ("1", "blue"), ("0", "red") })
        {
            await ann.SubmitAsync("/admin/camera", new { Source = source });
            Assert.Equal(colour, ColourOf(app, await FailAsync(app)));
        }
    }

    [Theory(Explicit = true)]
    [InlineData("auto")]
    [InlineData(First)]
    public async Task Unplugged_while_it_is_open_a_device_is_reported_and_used_again_once_it_is_back(string source)
    {
        await using var app = await StartAsync(source);
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);

        await PlugAsync(false);
        var camera = app.Services.GetRequiredService<CameraFeed>();
        await Eventually.TrueAsync(() => camera.Status.State == CameraState.NoCamera, app.Log);
        // Until then, a picture from before is better than none
        await Eventually.TrueAsync(() => camera.Status.FrameAge > TimeSpan.FromSeconds(11), app.Log);
        var entry = await FailAsync(app);
        Assert.Null(entry.Snapshot);
        Assert.Contains("camera", entry.CaptureProblem, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot be opened", app.Log(), StringComparison.Ordinal);

        await PlugAsync(true);
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);
    }

    [Fact(Explicit = true)]
    public async Task A_lasting_name_still_means_the_same_camera_after_the_numbers_have_changed()
    {
        await ShowAsync(First, Red);
        await ShowAsync(Second, Blue);
        await using var app = await StartAsync(First);
        Assert.Equal("red", ColourOf(app, await FailAsync(app)));

        // As long as somebody has the unplugged device open, its number stays in use
        var holder = new FileStream(First, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        await PlugAsync(false);
        await PlugAsync(true);
        Assert.NotEqual("/dev/video0", RealPath(First));
        await ShowAsync(First, Red);
        await ShowAsync(Second, Blue);

        Assert.Equal("red", ColourOf(app, await FailAsync(app)));
        // Leaves the numbers as they were
        await app.StopAsync();
        await PlugAsync(false);
        holder.Dispose();
        await PlugAsync(true);
        Assert.Equal("/dev/video0", RealPath(First));
    }

    [Theory(Explicit = true)]
    [InlineData("inject_fatal_streaming_error")]
    [InlineData("disconnect")]
    public async Task After_an_error_of_the_driver_the_device_is_opened_again(string error)
    {
        await using var app = await StartAsync("0");
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);

        await RunAsync("v4l2-ctl", "-d", First, "-c", error + "=1");

        await Eventually.TrueAsync(() => app.Log().Contains(DeviceList.Stopped(0).Text, StringComparison.Ordinal), app.Log);
        // A capture meanwhile could get a stale picture, since a busy emulated machine takes seconds to open a device
        var camera = app.Services.GetRequiredService<CameraFeed>();
        await Eventually.TrueAsync(() => camera.Status.State is CameraState.Live or CameraState.Off, app.Log);
        Assert.Equal(FrameQuality.Good, (await FailAsync(app)).Snapshot!.Quality);
    }

    private static async Task<SentinelCamApp> StartAsync(
        string? source, Action<IServiceCollection>? more = null, params (string Key, string? Value)[] settings)
    {
        var app = await SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            more?.Invoke(services);
        }, [("Camera:Source", source), .. settings]);
        (await app.RegisterAnnAsync()).Dispose();
        return app;
    }

    /// <summary>A failed sign-in, once its capture has ended.</summary>
    private async Task<ImageLogEntry> FailAsync(SentinelCamApp app)
    {
        // There is at most one picture a second in an alert
        if (_sinceAttempt.IsRunning && TimeSpan.FromSeconds(1.2) - _sinceAttempt.Elapsed is var left
            && left > TimeSpan.Zero)
        {
            await Task.Delay(left, Cancelled);
        }

        var id = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        _sinceAttempt.Restart();
        var entry = await Eventually.GetAsync(
            () => app.ReadAsync(db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).SingleAsync(e => e.Id == id)),
            entry => entry.CaptureState != CaptureState.Waiting, app.Log, patience: TimeSpan.FromMinutes(3));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.CaptureState} {entry.Snapshot?.Quality} {entry.Snapshot?.TakenAt - entry.At} {entry.CaptureProblem}"));
        return entry;
    }

    private static string ColourOf(SentinelCamApp app, ImageLogEntry entry)
    {
        var jpeg = File.ReadAllBytes(app.Pictures.PathOf(entry.Snapshot!.FileName));
        using var image = Cv2.ImDecode(jpeg, ImreadModes.Color);
        var mean = Cv2.Mean(image);
        return mean.Val0 > mean.Val2 ? "blue" : "red";
    }

    /// <summary>Chooses what a camera sees, with or without a clock in it.</summary>
    private static Task ShowAsync(string device, int pattern, bool hasText = true) => RunAsync(
        "v4l2-ctl", "-d", device, "-c",
        string.Create(CultureInfo.InvariantCulture, $"test_pattern={pattern},osd_text_mode={(hasText ? 0 : 2)}"));

    /// <summary>Unplugs both cameras or plugs them in again, and waits for their names.</summary>
    private static async Task PlugAsync(bool isIn)
    {
        await File.WriteAllTextAsync(Path.Combine(Driver, isIn ? "bind" : "unbind"), "vivid.0", Cancelled);
        await Eventually.TrueAsync(() => File.Exists(First) == isIn && File.Exists(Second) == isIn);
    }

    /// <summary>Another program that reads the camera. Returns when it does.</summary>
    private async Task<Process> OccupyAsync(string device)
    {
        var other = Process.Start(new ProcessStartInfo(
            "v4l2-ctl", ["-d", device, "--set-fmt-video=width=640,height=480", "--stream-mmap", "--stream-to=/dev/null"])
        {
            RedirectStandardError = true,
        })!;
        _others.Add(other);
        // It writes a character for each picture
        Assert.NotEqual(0, await other.StandardError.ReadAsync(new char[1], Cancelled));
        _ = other.StandardError.ReadToEndAsync(Cancelled);
        return other;
    }

    private static string? RealPath(string link) => File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName;

    private static async Task EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancelled);
        Assert.Equal(0, process.ExitCode);
    }
}
