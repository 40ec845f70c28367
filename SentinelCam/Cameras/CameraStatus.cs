namespace SentinelCam.Cameras;

/// <summary>What the camera is doing.</summary>
public enum CameraState
{
    /// <summary>Closed. A visit to the sign-in page or a capture opens it.</summary>
    Off,

    /// <summary>Being opened, with no frame yet.</summary>
    Opening,

    /// <summary>Open, and its last frame is at most two seconds old.</summary>
    Live,

    /// <summary>Open, but its last frame is older than two seconds.</summary>
    Stale,

    /// <summary>The last try failed. It is retried automatically while it is needed, and by the next capture.</summary>
    Failed,

    /// <summary>A native library or program is not installed.</summary>
    MissingLibrary,

    /// <summary>No camera is connected.</summary>
    NoCamera,
}

/// <summary>The camera at one moment, safe to show to users.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Name">As configured in <c>Camera:Name</c>.</param>
/// <param name="Source">As configured or chosen, without credentials and query string.</param>
/// <param name="Problem">What is wrong, as a sentence, or null.</param>
/// <param name="Remedy">What to do about it, as a sentence, or null.</param>
/// <param name="LastFrameAt">UTC time of the last frame since the app started, or null.</param>
/// <param name="Width">Width of the last frame in pixels; 0 before the first.</param>
/// <param name="Height">Height of the last frame in pixels; 0 before the first.</param>
public sealed record CameraStatus(
    CameraState State,
    string Name,
    string Source,
    string? Problem,
    string? Remedy,
    DateTimeOffset? LastFrameAt,
    int Width,
    int Height)
{
    /// <summary>Whether the last frame is a DEMO picture.</summary>
    public bool IsDemo { get; init; }

    /// <summary>Frames per second, averaged over the last two seconds; 0 if there are none.</summary>
    public double FramesPerSecond { get; init; }

    /// <summary>Age of the last frame, measured by the timer and not by the clock; null before the first.</summary>
    public TimeSpan? FrameAge { get; init; }

    /// <summary>Problem and remedy of the last fault since the app started, even if it is over, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>UTC time of <see cref="LastError"/>.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>Number of frames in memory.</summary>
    public int RingFrames { get; init; }

    /// <summary>Size of the frames in memory, in bytes.</summary>
    public long RingBytes { get; init; }
}
