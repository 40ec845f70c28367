using SentinelCam.Cameras.Frames;

namespace SentinelCam.Cameras.Sources;

/// <summary>Tells when a camera that was just opened has found its exposure: its first frames are dark, and how many differs.</summary>
internal sealed class ExposureSettling(TimeProvider time, bool startsDark = true)
{
    private const int Window = 5;
    private const double MaxChange = 3; // levels of 255 over the window
    private const double Dark = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly Queue<double> _recent = new();
    private long? _firstFrame;

    /// <summary>Whether it has settled, or the time for it is over.</summary>
    public bool IsOver { get; private set; } = !startsDark;

    /// <summary>Takes what looking at the next frame has shown; true for good once its brightness no longer changes, or after two seconds.</summary>
    /// <param name="verdict">Without a brightness there is nothing to wait for.</param>
    public bool IsSettled(FrameVerdict? verdict)
    {
        if (IsOver)
            return true;
        if (verdict is { Readable: true })
            IsOver = verdict.Brightness is not { } brightness || IsSteady(brightness);
        _firstFrame ??= time.GetTimestamp();
        return IsOver |= time.GetElapsedTime(_firstFrame.Value) >= Longest;
    }

    private bool IsSteady(double brightness)
    {
        _recent.Enqueue(brightness);
        if (_recent.Count > Window)
            _recent.Dequeue();
        // Steady darkness is how it begins, so it does not count as settled
        return _recent.Count == Window && _recent.Min() >= Dark && _recent.Max() - _recent.Min() <= MaxChange;
    }
}
