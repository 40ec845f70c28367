namespace SentinelCam.Capture;

/// <summary>Tells when a camera that was just opened has found its exposure: its first frames are dark, and how many differs.</summary>
internal sealed class ExposureSettling(TimeProvider time)
{
    private const int Window = 5;
    private const double MaxChange = 3; // levels of 255 over the window
    private const double Dark = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly Queue<double> _recent = new();
    private readonly long _started = time.GetTimestamp();

    /// <summary>Takes the mean brightness (0 to 255) of the next frame; true once it no longer changes, or after two seconds.</summary>
    public bool IsSettled(double brightness)
    {
        _recent.Enqueue(brightness);
        if (_recent.Count > Window)
            _recent.Dequeue();
        // Steady darkness is how it begins, so it does not count as settled
        var steady = _recent.Count == Window && _recent.Min() >= Dark && _recent.Max() - _recent.Min() <= MaxChange;
        return steady || time.GetElapsedTime(_started) >= Longest;
    }
}
