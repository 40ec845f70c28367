using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using OpenCvSharp;

namespace SentinelCam.Tests.Support;

/// <summary>What a <see cref="TimedCamera"/> sends.</summary>
public enum TimedMode
{
    Sharp,

    /// <summary>Out of focus, with the time still readable.</summary>
    Blurred,

    /// <summary>The same picture again and again.</summary>
    Frozen,

    Black,

    Grey,
}

/// <summary>An MJPEG camera whose pictures show the time at which they were made, see <see cref="TimeCode"/>.</summary>
public sealed class TimedCamera : IAsyncDisposable
{
    private readonly Mat _scene;
    private readonly TimeSpan _interval;
    private CameraServer _server = null!;
    private int _port;

    private TimedCamera(int width, int height, double framesPerSecond)
    {
        using var picture = Cv2.ImDecode(TestJpeg.Demo(), ImreadModes.Color);
        _scene = picture.Resize(new Size(width, height));
        _interval = TimeSpan.FromSeconds(1 / framesPerSecond);
    }

    public Uri Url => _server.Url("/video.mjpg");

    public int Connections => _server.Requests;

    public TimedMode Mode { get; set; }

    public static async Task<TimedCamera> StartAsync(int width = 640, int height = 480, double framesPerSecond = 30)
    {
        var camera = new TimedCamera(width, height, framesPerSecond);
        await camera.StartAgainAsync();
        return camera;
    }

    /// <summary>Ends it like a power cut, which closes its port.</summary>
    public ValueTask StopAsync() => _server.DisposeAsync();

    /// <summary>Starts it again at the same address.</summary>
    public async Task StartAgainAsync()
    {
        _server = await CameraServer.StartAsync(ServeAsync, _port);
        _port = _server.Url().Port;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _scene.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "multipart/x-mixed-replace; boundary=frame";
        using var scene = _scene.Clone();
        using var blurred = scene.GaussianBlur(new Size(31, 31), 0);
        using var flat = new Mat(scene.Size(), scene.Type());
        var (jpeg, started) = (Array.Empty<byte>(), Stopwatch.GetTimestamp());
        try
        {
            for (var sent = 0L; ; sent++)
            {
                var due = _interval * sent - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                    await Task.Delay(due, context.RequestAborted);
                if (Mode != TimedMode.Frozen || jpeg.Length == 0)
                    jpeg = Draw(scene, blurred, flat);
                await context.Response.WriteAsync(
                    $"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.Length}\r\n\r\n", context.RequestAborted);
                await context.Response.Body.WriteAsync(jpeg, context.RequestAborted);
                await context.Response.WriteAsync("\r\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested || error is IOException)
        {
            context.Abort();
        }
    }

    private byte[] Draw(Mat scene, Mat blurred, Mat flat)
    {
        var image = Mode switch
        {
            TimedMode.Blurred => blurred,
            TimedMode.Black or TimedMode.Grey => flat,
            _ => scene,
        };
        if (image == flat)
            flat.SetTo(Mode == TimedMode.Black ? Scalar.Black : new Scalar(128, 128, 128));
        else
            TimeCode.Draw(image, DateTimeOffset.UtcNow);
        return image.ImEncode(".jpg", [new ImageEncodingParam(ImwriteFlags.JpegQuality, 80)]);
    }
}
