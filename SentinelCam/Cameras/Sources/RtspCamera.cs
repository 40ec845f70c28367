using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace SentinelCam.Cameras;

/// <summary>An RTSP camera, read by the <c>ffmpeg</c> program because OpenCV's FFmpeg is built without network support.</summary>
/// <remarks>
/// The program is killed when the enumeration ends. If the app dies first, the program ends at the next frame because its pipe
/// is closed, or by its own time limit if no frame arrives.
/// </remarks>
/// <param name="address">May contain a user name and password. They are never shown.</param>
/// <param name="time">The clock.</param>
/// <param name="program">The program's name or path.</param>
/// <param name="transport">How the pictures travel.</param>
internal sealed class RtspCamera(
    Uri address, TimeProvider time, string program = "ffmpeg", RtspTransport transport = RtspTransport.Auto) : ICamera
{
    private const int MaxErrorText = 8 * 1024;

    /// <summary>The environment variables that the program needs.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "SystemRoot"];

    /// <summary>Ends the program if the camera falls silent, even if the app is no longer there to kill it.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The same while it is not known whether the camera sends anything over TCP. The program waits twice as long for a first
    /// packet, and a capture, which takes ten seconds at most, should still get a picture over UDP.
    /// </summary>
    private static readonly TimeSpan FirstSilenceLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Keeps the program from probing the rate and the first times, which takes it seven pictures or more: 12 seconds if there
    /// is one a second. Set for the list and for the stream in it.
    /// </summary>
    private static readonly (string Name, string Value)[] Probing =
        [("fpsprobesize", "0"), ("max_ts_probe", "0"), ("analyzeduration", "1")];

    private static readonly CameraFault NoProgram = new(
        CaptureOutcome.MissingLibrary, "The ffmpeg program, which reads rtsp:// cameras, is not installed",
        OperatingSystem.IsLinux() ? "Install it with \"apt-get install ffmpeg\"" : "Install it and add its folder to PATH",
        Permanent: true);

    private static readonly CameraFault OtherTransport = new(
        CaptureOutcome.Unreachable, "The camera does not send its stream over the configured transport",
        "Let SentinelCam choose the RTSP transport, or configure the other one", Permanent: true);

    /// <summary>The transport to try first: the configured one, or the one that worked last.</summary>
    private RtspTransport _first = transport == RtspTransport.Udp ? RtspTransport.Udp : RtspTransport.Tcp;

    /// <summary>Whether to wait over TCP as long as over UDP: pictures came that way last time, or UDP gave none.</summary>
    private bool _isTcpTrusted;

    public string Source { get; } = RedactedSource.Of(address);

    public string Identity => address.AbsoluteUri;

    public CameraFault? Check() => IsInstalled() ? null : NoProgram;

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (over, isPatient) = (_first, _isTcpTrusted);
        while (true)
        {
            var silenceLimit = transport == RtspTransport.Auto && over == RtspTransport.Tcp && !isPatient
                ? FirstSilenceLimit
                : SilenceLimit;
            var any = false;
            using var ffmpeg = Start();
            await SendScriptAsync(ffmpeg.StandardInput, over, silenceLimit);
            var errors = ReadErrorsAsync(ffmpeg.StandardError);
            try
            {
                var reader = new MjpegReader(ffmpeg.StandardOutput.BaseStream, time);
                while (await reader.ReadAsync(cancellationToken) is { } frame)
                {
                    any = true;
                    yield return frame;
                }
                var text = await errors.WaitAsync(cancellationToken);
                var fault = FaultOf(text);
                if (!any && transport == RtspTransport.Auto)
                {
                    if (silenceLimit == FirstSilenceLimit && AnswersLate(text))
                    {
                        isPatient = true;
                        continue;
                    }
                    // Only UDP works with some cameras. They refuse TCP in different ways, mostly with the status 461, or accept
                    // it and send nothing.
                    if (over == RtspTransport.Tcp && (fault is null || fault == OtherTransport))
                    {
                        over = _first = RtspTransport.Udp;
                        continue;
                    }
                    _first = RtspTransport.Tcp;
                }
                throw new CameraException(fault ?? reader.EndFault);
            }
            finally
            {
                // After UDP gave nothing either, the camera may just be slow
                _isTcpTrusted = over == RtspTransport.Tcp ? any : !any;
                Kill(ffmpeg);
            }
        }
    }

    /// <summary>Without the address: anyone who lists the processes of this machine could read its password.</summary>
    internal static IEnumerable<string> Arguments() =>
    [
        "-nostdin", "-hide_banner", "-loglevel", "error",
        // Keeps a hostile camera from making the program open files
        "-protocol_whitelist", "pipe,rtsp,rtsps,rtp,tcp,udp,tls,crypto",
        // Not parsed twice, as that would delay each picture until the next one
        "-fflags", "noparse", "-flags", "low_delay",
        .. Probing.SelectMany(option => new[] { $"-{option.Name}", option.Value }),
        "-f", "concat", "-safe", "0", "-i", "pipe:0",
        // Each picture goes out once, when it arrives, whatever times the camera gives: these may jump
        "-an", "-fps_mode", "passthrough", "-vf", "setpts=N/TB", "-threads", "1",
        "-c:v", "mjpeg", "-q:v", "3", "-flush_packets", "1", "-f", "mpjpeg", "-",
    ];

    /// <summary>What the program reads from its standard input: a list with one stream and its options.</summary>
    internal string Script(RtspTransport over, TimeSpan silenceLimit) => string.Create(CultureInfo.InvariantCulture, $"""
        ffconcat version 1.0
        file '{AddressForProgram()}'
        option rtsp_transport {(over == RtspTransport.Udp ? "udp" : "tcp")}
        option fflags -noparse
        {string.Join('\n', Probing.Select(option => $"option {option.Name} {option.Value}"))}
        option timeout {silenceLimit.TotalMicroseconds:0}

        """);

    /// <summary>
    /// The address with the zone of an IPv6 host, which .NET leaves out, and without RFC 6874's escape, which the program does
    /// not know.
    /// </summary>
    private string AddressForProgram()
    {
        var text = address.AbsoluteUri.Replace("'", "%27", StringComparison.Ordinal);
        if (address.HostNameType != UriHostNameType.IPv6)
            return text;
        var (start, end) = (text.IndexOf('[', StringComparison.Ordinal), text.IndexOf(']', StringComparison.Ordinal));
        return $"{text[..start]}[{CameraConnection.HostOf(address)}{text[end..]}";
    }

    private bool IsInstalled()
    {
        if (Path.IsPathRooted(program))
            return File.Exists(program);
        var file = OperatingSystem.IsWindows() ? program + ".exe" : program;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, file)));
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(program, Arguments())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        // The other program must not see this one's configuration, which includes passwords
        foreach (var name in start.Environment.Keys.Except(Inherited, StringComparer.OrdinalIgnoreCase).ToList())
            start.Environment.Remove(name);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new CameraException(NoProgram);
        }
    }

    private async Task SendScriptAsync(StreamWriter input, RtspTransport over, TimeSpan silenceLimit)
    {
        try
        {
            await using (input)
                await input.WriteAsync(Script(over, silenceLimit));
        }
        catch (IOException)
        {
            return; // the program has already ended, and its errors say why
        }
    }

    /// <summary>
    /// Drains the program's error pipe and returns the start of its text, which quotes the address and is never shown.
    /// </summary>
    private static async Task<string> ReadErrorsAsync(StreamReader errors)
    {
        var text = new StringBuilder();
        var chunk = new char[1024];
        while (await errors.ReadAsync(chunk) is > 0 and var read)
        {
            if (text.Length < MaxErrorText)
                text.Append(chunk, 0, read);
        }
        return text.ToString();
    }

    private CameraFault? FaultOf(string errors) => errors switch
    {
        _ when Has(errors, "401 ") || Has(errors, "403 ") => CameraFaults.Refused(hasCredentials: address.UserInfo.Length > 0),
        _ when Has(errors, "461 ") => OtherTransport,
        _ when Has(errors, "404 ") => CameraFaults.NotFound,
        _ when Has(errors, "Failed to resolve") => CameraFaults.UnknownHost,
        _ when Has(errors, "Connection refused") || Has(errors, "timed out") || Has(errors, "No route")
            || Has(errors, "unreachable") => CameraFaults.NoAnswer,
        _ => null,
    };

    /// <summary>Whether the stream was not opened in time, so that nothing is known about its transport.</summary>
    private static bool AnswersLate(string errors) =>
        Has(errors, "Impossible to open") && (Has(errors, "timed out") || Has(errors, "Invalid data"));

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            Debug.Assert(process.HasExited, "Only a process that has already ended cannot be killed.");
        }
    }
}
