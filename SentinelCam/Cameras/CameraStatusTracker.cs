using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Tracks what the camera is doing, for pages and log. Not thread-safe: its owner locks, except to log.</summary>
internal sealed class CameraStatusTracker(string name, ILogger logger, TimeSpan staleAfter)
{
    private const string LiveMark = "live";

    private CameraState _state = CameraState.Off;
    private CameraFault? _lastFault;
    private DateTimeOffset _lastFaultAt;
    private Frame? _last;
    private string? _logged;

    /// <summary>The current fault, or null. The next frame clears it.</summary>
    public CameraFault? Fault { get; private set; }

    /// <summary>Whether there has been a frame or a fault.</summary>
    public bool IsKnown => _last is not null || _lastFault is not null;

    /// <summary>The camera is being opened. A fault stays visible while the camera is retried.</summary>
    public void Opening() => _state = Fault is null ? CameraState.Opening : _state;

    public void Live(Frame frame) => (_state, Fault, _last) = (CameraState.Live, null, frame);

    public void Failed(CameraFault fault, DateTimeOffset at) =>
        (_state, Fault, _lastFault, _lastFaultAt) = (fault.State, fault, fault, at);

    public void Closed() => _state = Fault?.State ?? CameraState.Off;

    /// <summary>Another camera has replaced this one.</summary>
    public void Forget() => (_state, Fault, _lastFault, _last, _logged) = (CameraState.Off, null, null, null, null);

    /// <param name="camera">The camera.</param>
    /// <param name="ring">Its frames.</param>
    /// <param name="now">The timer's current value.</param>
    public CameraStatus Status(ICamera camera, FrameRing ring, TimeSpan now)
    {
        var age = now - ring.Last?.ArrivedAt;
        var silent = _state == CameraState.Live && age > staleAfter;
        var frozen = _state == CameraState.Live && ring.Last is { IsFrozen: true };
        var (problem, remedy) = Fault is { } fault ? ($"{fault.Problem}.", $"{fault.Remedy}.")
            : silent ? ("The camera has stopped sending pictures.", "If it stays silent, SentinelCam reopens it.")
            : frozen ? ("The camera keeps sending the same picture.", "Turn it off and on again.")
            : camera.StandsInFor is { } missing ? ($"Showing DEMO pictures. {missing.Problem}.", $"{missing.Remedy}.")
            : ((string?)null, (string?)null);
        return new CameraStatus(
            silent ? CameraState.Stale : _state, name, camera.Source, problem, remedy,
            _last?.TakenAt, _last?.Width ?? 0, _last?.Height ?? 0)
        {
            FramesPerSecond = _state == CameraState.Live ? ring.RateSince(now - staleAfter) : 0,
            FrameAge = age,
            IsDemo = _last is { Quality: FrameQuality.Demo },
            LastError = _lastFault?.Text,
            LastErrorAt = _lastFault is null ? null : _lastFaultAt,
            RingFrames = ring.Count,
            RingBytes = ring.Bytes,
        };
    }

    /// <summary>
    /// Logs that the camera is opening, is off or has stopped sending, unless that was the last line or a fault is still
    /// visible.
    /// </summary>
    public void LogOnce(string source, CameraState state)
    {
        var words = state switch
        {
            CameraState.Opening => "is opening",
            CameraState.Stale => "has stopped sending pictures",
            _ => "is off",
        };
        // Only a camera that was logged as live can stop
        if (Fault is not null || (state == CameraState.Stale && !IsLoggedLive))
            return;
        if (Interlocked.Exchange(ref _logged, words) != words)
            logger.LogInformation("Camera {Camera} ({Source}) {State:l}", name, source, words);
    }

    /// <summary>Logs a fault, unless it was the last line. So retries of a failed camera do not fill the log.</summary>
    public void LogOnce(string source, CameraFault fault)
    {
        if (Interlocked.Exchange(ref _logged, fault.Text) != fault.Text)
            logger.LogWarning("Camera {Camera} ({Source}): {Problem}", name, source, fault.Text);
    }

    /// <summary>Logs that frames arrive, with the size of the first, unless that was the last line.</summary>
    public void LogOnce(ICamera camera, Frame frame)
    {
        if (IsLoggedLive)
            return;
        Volatile.Write(ref _logged, LiveMark);
        var demo = frame.Quality != FrameQuality.Demo ? ""
            : camera.StandsInFor is { } missing ? $", DEMO pictures. {missing.Text}"
            : ", DEMO pictures";
        logger.LogInformation(
            "Camera {Camera} ({Source}) is live: {Width}x{Height}{Demo:l}", name, camera.Source, frame.Width, frame.Height, demo);
    }

    /// <summary>
    /// Logs an exception that a camera should not throw. Its message is left out because it may quote the address.
    /// </summary>
    public void LogUnexpected(Exception e) =>
        logger.LogDebug("Camera {Camera} failed with {Exception}: {StackTrace}", name, e.GetType().Name, e.StackTrace);

    private bool IsLoggedLive => ReferenceEquals(_logged, LiveMark);
}
