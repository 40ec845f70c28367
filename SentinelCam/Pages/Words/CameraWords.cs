using System.Globalization;
using SentinelCam.Cameras;

namespace SentinelCam.Pages;

/// <summary>The camera's state, in words.</summary>
public static class CameraWords
{
    /// <summary>The state; for a live camera with its frames per second.</summary>
    public static string Of(CameraStatus status) => status.State is CameraState.Live
        ? string.Create(CultureInfo.InvariantCulture, $"{OfState(status)}, {status.FramesPerSecond:0.#} frames per second")
        : OfState(status);

    /// <summary>The state alone.</summary>
    public static string OfState(CameraStatus status) =>
        status is { State: CameraState.Live, IsDemo: true } ? "live, DEMO pictures" : OfState(status.State);

    /// <summary>The state of a camera elsewhere.</summary>
    public static string OfState(CameraState state) => state switch
    {
        CameraState.Off => "off; opens when needed",
        CameraState.Opening => "opening",
        CameraState.Live => "live",
        CameraState.Stale => "open, but no new frames",
        CameraState.Failed => "failed",
        CameraState.MissingLibrary => "a library is missing",
        CameraState.NoCamera => "no camera",
        _ => state.ToString(),
    };

    /// <summary>How old a frame is. <c>site.js</c> keeps counting in the same words.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 120 } => $"{Math.Max(0, (long)age.TotalSeconds)} s",
        { TotalMinutes: < 120 } => $"{(long)age.TotalMinutes} min",
        { TotalHours: < 48 } => $"{(long)age.TotalHours} h",
        _ => $"{(long)age.TotalDays} days",
    };
}
