namespace SentinelCam.Capture;

/// <summary>What the camera is doing.</summary>
public enum CameraState
{
    /// <summary>Closed; it opens when a capture comes.</summary>
    Off,

    /// <summary>Being opened; no frame yet.</summary>
    Opening,

    /// <summary>Open, and its last frame is at most two seconds old.</summary>
    Live,

    /// <summary>Open, but its last frame is older than two seconds.</summary>
    Stale,

    /// <summary>The last try failed; the next capture tries again.</summary>
    Failed,

    /// <summary>A native library or program is not installed.</summary>
    MissingLibrary,

    /// <summary>No camera is connected.</summary>
    NoCamera,
}

/// <summary>The camera at one moment, fit to be shown.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Name">As configured in <c>Camera:Name</c>.</param>
/// <param name="Source">As configured in <c>Camera:Source</c>, without credentials or query.</param>
/// <param name="Problem">What is wrong, as a sentence, or null.</param>
/// <param name="Remedy">What to do about it, as a sentence, or null.</param>
/// <param name="LastFrameAt">UTC time of the last frame since the start of the app, or null.</param>
/// <param name="Width">Width of the last frame in pixels, 0 before the first.</param>
/// <param name="Height">Height of the last frame in pixels, 0 before the first.</param>
public sealed record CameraStatus(
    CameraState State,
    string Name,
    string Source,
    string? Problem,
    string? Remedy,
    DateTimeOffset? LastFrameAt,
    int Width,
    int Height);
