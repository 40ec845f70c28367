
namespace SentinelCam.Cameras;

/// <summary>How a capture ended.</summary>
public enum CaptureOutcome
{
    /// <summary>There is a frame. Its quality says how good it is.</summary>
    Taken,

    /// <summary>No camera is connected.</summary>
    NoCamera,

    /// <summary>A native library or program that this kind of camera needs is not installed.</summary>
    MissingLibrary,

    /// <summary>The camera refused or closed the connection, or cannot be found on the network.</summary>
    Unreachable,

    /// <summary>The camera is there but did not deliver a picture in time.</summary>
    TimedOut,

    /// <summary>The camera delivered data that is not a complete JPEG.</summary>
    BadFrame,
}

/// <summary>The result of a capture.</summary>
/// <param name="Outcome"><see cref="CaptureOutcome.Taken"/> exactly when there is a frame.</param>
/// <param name="Frame">The picture, or null.</param>
/// <param name="Problem">
/// Problem and remedy, for users; without credentials and without text from the camera. Null for a good picture. Black,
/// uniform, stale and frozen frames have a problem, too.
/// </param>
public sealed record CaptureResult(CaptureOutcome Outcome, Frame? Frame, string? Problem);

/// <summary>What a capture says about the camera.</summary>
/// <param name="Problem">As in <see cref="CaptureResult"/>: null if the picture was good.</param>
/// <param name="HasPicture">Whether there was a picture, good or bad.</param>
/// <param name="At">The timer's value when it ended.</param>
public sealed record CaptureEvidence(string? Problem, bool HasPicture, long At);
