using System.Diagnostics;
using System.Globalization;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A real RTSP camera: GStreamer's server, driven by <c>rtsp_server.py</c>, with a password by Digest and the time in its
/// pictures.
/// </summary>
public sealed class GstRtspServer : IAsyncDisposable
{
    public const string Why =
        "GStreamer's RTSP server is not installed (python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and -ugly)";

    private const string Python = "/usr/bin/python3";

    private static readonly Lazy<bool> Available = new(() => File.Exists(Python) && FfmpegProgram.IsAvailable
        && TimeCode.IsAvailable && HasLibraries());

    private readonly Process _process;

    private GstRtspServer(Process process, int port, string password) => (_process, Port, Password) = (process, port, password);

    public static bool IsAvailable => Available.Value;

    public int Port { get; }

    public string Password { get; }

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"rtsp://me:{Password}@127.0.0.1:{Port}/stream"));

    /// <param name="password">Any word.</param>
    /// <param name="port">0 for any.</param>
    public static async Task<GstRtspServer> StartAsync(string password, int port = 0)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Support", "rtsp_server.py");
        var process = Process.Start(new ProcessStartInfo(Python, [script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        // Not as an argument, since one test looks for the password in all processes
        await process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{port} me {password}"));
        await process.StandardInput.FlushAsync();
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new GstRtspServer(process, int.Parse(line!, CultureInfo.InvariantCulture), password);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static bool HasLibraries()
    {
        const string Script =
            "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; "
            + "Gst.init(None); assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')";
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", Script]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
