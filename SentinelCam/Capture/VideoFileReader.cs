using OpenCvSharp;

namespace SentinelCam.Capture;

/// <summary>A video file, played over and over at its own rate.</summary>
internal sealed class VideoFileReader : INativeReader
{
    private const double UsualRate = 25;

    private readonly VideoCapture _file;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly long _started;
    private readonly Mat _image = new();
    private long _played;

    private VideoFileReader(VideoCapture file, TimeProvider time)
    {
        (_file, _time) = (file, time);
        var rate = file.Get(VideoCaptureProperties.Fps);
        _interval = TimeSpan.FromSeconds(1 / (rate is >= 1 and <= 240 ? rate : UsualRate));
        _started = time.GetTimestamp();
    }

    /// <exception cref="CameraException">It is no video that OpenCV reads.</exception>
    public static VideoFileReader Open(string path, TimeProvider time)
    {
        var file = new VideoCapture(path, VideoCaptureAPIs.FFMPEG);
        if (file.IsOpened())
            return new VideoFileReader(file, time);
        file.Dispose();
        throw new CameraException(Unreadable);
    }

    /// <summary>What keeps the file from being played, or null.</summary>
    public static CameraFault? Check(string path) => File.Exists(path) ? null : new CameraFault(
        CaptureOutcome.NoCamera, "The video file in Camera:Source is gone", "Put it back, or set Camera:Source to another source", Permanent: true);

    public Frame Read(CancellationToken stop)
    {
        var due = _interval * _played++ - _time.GetElapsedTime(_started);
        if (due > TimeSpan.Zero)
            stop.WaitHandle.WaitOne(due);
        stop.ThrowIfCancellationRequested();
        if (!_file.Read(_image) || _image.Empty())
        {
            _file.Set(VideoCaptureProperties.PosFrames, 0);
            if (!_file.Read(_image) || _image.Empty())
                throw new CameraException(Unreadable);
        }
        return NativeImage.ToFrame(_image, _time.GetUtcNow());
    }

    public void Dispose()
    {
        _image.Dispose();
        _file.Dispose();
    }

    private static CameraFault Unreadable { get; } = new(
        CaptureOutcome.BadFrame, "The file in Camera:Source is no video that OpenCV can read", "Convert it to MP4 (H.264) or AVI (MJPEG)",
        Permanent: true);
}
