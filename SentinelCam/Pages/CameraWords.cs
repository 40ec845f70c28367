using System.Globalization;
using SentinelCam.Capture;

namespace SentinelCam.Pages;

/// <summary>The camera's states as a reader sees them.</summary>
public static class CameraWords
{
    /// <summary>The state, and for an open camera how fast its frames come and how old the last one is.</summary>
    public static string Of(CameraStatus status) => status.State switch
    {
        CameraState.Off => "off, opens when it is needed",
        CameraState.Opening => "opening",
        CameraState.Live => string.Create(CultureInfo.InvariantCulture, $"live, {status.FramesPerSecond:0.#} frames per second, the last {Age(status)} old"),
        CameraState.Stale => $"open, but no new frames for {Age(status)}",
        CameraState.Failed => "failed",
        CameraState.MissingLibrary => "a library is missing",
        CameraState.NoCamera => "no camera",
        _ => status.State.ToString(),
    };

    private static string Age(CameraStatus status) => string.Create(CultureInfo.InvariantCulture, $"{status.FrameAge?.TotalSeconds:0.0} s");
}
