using System.Runtime.CompilerServices;

namespace SentinelCam.Cameras;

/// <summary>
/// A Linux device or a video file that the <c>ffmpeg</c> program reads, because OpenCV has no library for this machine or cannot
/// load it.
/// </summary>
internal sealed class FfmpegCamera : ICamera
{
    /// <summary>The size that OpenCV asks devices for.</summary>
    private const string Size = "640x480";

    private static readonly string[] Encode = ["-c:v", "mjpeg", "-q:v", "3"];

    /// <summary>
    /// How to read a device, best first: its own JPEG as it is, its JPEG encoded again because it lacks the tables that other
    /// programs need, and its other formats.
    /// </summary>
    private static readonly (string[] Input, string[] Output)[] Ways =
    [
        (["-input_format", "mjpeg"], ["-c:v", "copy"]),
        (["-input_format", "mjpeg"], Encode),
        ([], Encode),
    ];

    private readonly Func<CameraFault?> _check;
    private readonly Func<IEnumerable<Reading>> _readings;
    private readonly TimeProvider _time;
    private readonly string _program;

    /// <summary>What worked last, which is tried first: starting the program takes time.</summary>
    private Reading? _last;

    private FfmpegCamera(
        string source, bool startsDark, Func<CameraFault?> check, Func<IEnumerable<Reading>> readings, TimeProvider time,
        string program)
    {
        (Source, StartsDark, _check, _readings, _time, _program) = (source, startsDark, check, readings, time, program);
    }

    public string Source { get; }

    public string Identity => _last?.Device is { } device ? NativeCamera.NameOf(device) : Source;

    public bool StartsDark { get; }

    /// <summary>The first device that sends pictures.</summary>
    /// <param name="source">The source, as it is shown.</param>
    /// <param name="check">Why no device can be opened, or null.</param>
    /// <param name="indices">The devices, looked up for each opening.</param>
    /// <param name="devices">Where they are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="program">The program's name or path.</param>
    public static FfmpegCamera OfDevices(
        string source, Func<CameraFault?> check, Func<IReadOnlyList<int>> indices, DeviceList devices, TimeProvider time,
        string program)
    {
        return new(source, startsDark: true, check, Readings, time, program);

        IEnumerable<Reading> Readings() => indices().SelectMany(index => Ways.Select(way => new Reading(
            ["-f", "v4l2", .. way.Input, "-video_size", Size, "-i", devices.PathOf(index), .. way.Output],
            DeviceList.InUse(index), DeviceList.Stopped(index), way.Output != Encode, index)));
    }

    /// <summary>A video file, played in a loop at its own frame rate.</summary>
    /// <param name="source">The source, as it is shown.</param>
    /// <param name="path">Its path.</param>
    /// <param name="time">The clock.</param>
    /// <param name="program">The program's name or path.</param>
    public static FfmpegCamera OfFile(string source, string path, TimeProvider time, string program) =>
        new(source, startsDark: false, () => VideoFileReader.Check(path), () =>
        [
            // Keeps a hostile file from making the program open others
            new(["-protocol_whitelist", "file,pipe", "-re", "-stream_loop", "-1", "-i", "file:" + path, .. Encode],
                VideoFileReader.Unreadable, VideoFileReader.Unreadable, false),
        ], time, program);

    public CameraFault? Check() => _check() ?? (Ffmpeg.IsInstalled(_program) ? null : CameraFaults.OpenCvMissing);

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Check() is { } fault)
            throw new CameraException(fault);
        CameraFault? first = null;
        foreach (var reading in _readings().OrderByDescending(reading => reading.IsLike(_last)))
        {
            using var ffmpeg = Ffmpeg.Start(
                _program, [.. reading.Arguments, "-an", "-fps_mode", "passthrough", "-flush_packets", "1", "-f", "mpjpeg", "-"])
                ?? throw new CameraException(CameraFaults.OpenCvMissing);
            await ffmpeg.SendAsync("");
            var reader = new MjpegReader(ffmpeg.Output, _time);
            var any = false;
            while (await reader.ReadAsync(cancellationToken) is { } frame && (!reading.IsCopy || any || HasTables(frame)))
            {
                (any, _last) = (true, reading);
                yield return frame;
            }

            if (any)
                throw new CameraException(_check() ?? reading.Stopped);
            first ??= reading.Unopened;
        }

        throw new CameraException(_check() ?? first ?? DeviceList.None);
    }

    private static bool HasTables(Frame frame) => JpegParser.TryParse(frame.Jpeg, out var parsed) && parsed.HasHuffmanTables;

    /// <summary>One way to run the program.</summary>
    /// <param name="Arguments">What it reads, and how it encodes that.</param>
    /// <param name="Unopened">The fault if no picture comes.</param>
    /// <param name="Stopped">The fault if no more come.</param>
    /// <param name="IsCopy">Whether the pictures are the device's own, byte for byte.</param>
    /// <param name="Device">The index of the device; null for a file.</param>
    private sealed record Reading(
        string[] Arguments, CameraFault Unopened, CameraFault Stopped, bool IsCopy, int? Device = null)
    {
        public bool IsLike(Reading? other) => other is not null && Arguments.SequenceEqual(other.Arguments);
    }
}
