using SentinelCam.Cameras.Frames;

namespace SentinelCam.Cameras;

/// <summary>How a capture ended.</summary>
public enum CaptureOutcome
{
    /// <summary>There is a frame; its quality says what it is worth.</summary>
    Taken,

    /// <summary>No camera is connected.</summary>
    NoCamera,

    /// <summary>A native library or program that this kind of camera needs is not installed.</summary>
    MissingLibrary,

    /// <summary>The camera refused, hung up, or cannot be found on the network.</summary>
    Unreachable,

    /// <summary>The camera is there but delivered nothing in the time that a capture has.</summary>
    TimedOut,

    /// <summary>The camera delivered data that is no whole JPEG.</summary>
    BadFrame,
}

/// <summary>What a capture brought.</summary>
/// <param name="Outcome"><see cref="CaptureOutcome.Taken"/> exactly when there is a frame.</param>
/// <param name="Frame">The picture, or null.</param>
/// <param name="Problem">
/// One sentence for a person, with its remedy, without credentials or text that the camera sent; null for a good
/// picture. A black, uniform or stale frame comes with a sentence too.
/// </param>
public sealed record CaptureResult(CaptureOutcome Outcome, Frame? Frame, string? Problem);
