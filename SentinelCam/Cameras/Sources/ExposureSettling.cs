using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>
/// Detects when the exposure of a camera that was just opened has settled. Its first frames are dark; how many varies.
/// </summary>
internal sealed class ExposureSettling(TimeProvider time, bool startsDark = true)
{
    private const int Window = 5;
    private const double MaxChange = 3; // of 255 levels, over the window
    private const double Dark = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly Queue<double> _recent = new();
    private long? _firstFrame;

    /// <summary>Whether the exposure has settled or the time for it is over.</summary>
    public bool IsOver { get; private set; } = !startsDark;

    /// <summary>
    /// Takes the verdict on the next frame. True from when the brightness no longer changes, at the latest after two seconds.
    /// </summary>
    /// <param name="verdict">
    /// If it has no brightness, the frame is of no sensor, or OpenCV, which measures it, is missing: then two seconds are waited.
    /// </param>
    public bool IsSettled(FrameVerdict? verdict)
    {
        if (IsOver)
            return true;
        if (verdict is { Readable: true })
            IsOver = verdict.Brightness is { } brightness ? IsSteady(brightness) : verdict.Quality != FrameQuality.Unchecked;
        _firstFrame ??= time.GetTimestamp();
        return IsOver |= time.GetElapsedTime(_firstFrame.Value) >= Longest;
    }

    private bool IsSteady(double brightness)
    {
        _recent.Enqueue(brightness);
        if (_recent.Count > Window)
            _recent.Dequeue();
        // The first frames are steadily dark, so darkness does not count as settled
        return _recent.Count == Window && _recent.Min() >= Dark && _recent.Max() - _recent.Min() <= MaxChange;
    }
}
