using OpenCvSharp;

namespace SentinelCam.Cameras;

/// <summary>A video file, played in a loop at its own frame rate.</summary>
internal sealed class VideoFileReader : INativeReader
{
    private const double UsualRate = 25;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly long _started;
    private readonly Mat _image = new();
    private VideoCapture _file;
    private long _played;

    private VideoFileReader(string path, TimeProvider time)
    {
        (_path, _file, _time) = (path, OpenFile(path), time);
        var rate = _file.Get(VideoCaptureProperties.Fps);
        _interval = TimeSpan.FromSeconds(1 / (rate is >= 1 and <= 240 ? rate : UsualRate));
        _started = time.GetTimestamp();
    }

    /// <exception cref="CameraException">OpenCV cannot read the file as a video.</exception>
    public static VideoFileReader Open(string path, TimeProvider time) => new(path, time);

    /// <summary>Why the file cannot be played, or null.</summary>
    /// <remarks>Pipes, sockets and devices have no length, and opening them may wait forever.</remarks>
    public static CameraFault? Check(string path)
    {
        try
        {
            var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            return !file.Exists ? Missing : file.Length == 0 ? NotRegular : null;
        }
        catch (IOException)
        {
            return Missing;
        }
        catch (UnauthorizedAccessException)
        {
            return Forbidden;
        }
    }

    public Frame Read(CancellationToken stop)
    {
        var due = _interval * _played++ - _time.GetElapsedTime(_started);
        if (due > TimeSpan.Zero)
            stop.WaitHandle.WaitOne(due);
        stop.ThrowIfCancellationRequested();
        if (!ReadImage() && !ReadFirstImage())
            throw new CameraException(Unreadable);
        return NativeImage.ToFrame(_image, _time.GetUtcNow());
    }

    public void Dispose()
    {
        _image.Dispose();
        _file.Dispose();
    }

    private bool ReadImage() => _file.Read(_image) && !_image.Empty();

    /// <summary>Starts over. Formats without an index, such as transport streams, cannot be rewound and are reopened.</summary>
    private bool ReadFirstImage()
    {
        _file.Set(VideoCaptureProperties.PosFrames, 0);
        if (ReadImage())
            return true;
        _file.Dispose();
        _file = OpenFile(_path);
        return ReadImage();
    }

    private static VideoCapture OpenFile(string path)
    {
        // OpenCV opens one file at a time. One on a network drive that does not answer must wait here, where it blocks no other.
        ReadStart(path);
        var file = new VideoCapture(path, VideoCaptureAPIs.FFMPEG);
        if (file.IsOpened())
            return file;
        file.Dispose();
        throw new CameraException(Unreadable);
    }

    private static void ReadStart(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            file.ReadByte();
        }
        catch (IOException)
        {
            throw new CameraException(Missing);
        }
        catch (UnauthorizedAccessException)
        {
            throw new CameraException(Forbidden);
        }
    }

    private static CameraFault Missing { get; } = new(
        CaptureOutcome.NoCamera, "The video file does not exist", "Restore it, or choose another source", Permanent: true);

    private static CameraFault NotRegular { get; } = new(
        CaptureOutcome.BadFrame, "The video file is empty, or it is a pipe, a socket or a device and not a regular file",
        "Choose a video file that has content, or another source", Permanent: true);

    private static CameraFault Forbidden { get; } = new(
        CaptureOutcome.Unreachable, "SentinelCam does not have permission to read the video file",
        "Let the account that SentinelCam runs as read it", Permanent: true);

    internal static CameraFault Unreadable { get; } = new(
        CaptureOutcome.BadFrame, "The file cannot be read as a video", "Convert it to MP4 (H.264) or AVI (MJPEG)",
        Permanent: true);
}
