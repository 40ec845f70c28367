namespace SentinelCam.Cameras;

/// <summary>Why a camera delivers no pictures.</summary>
/// <param name="Outcome">The outcome of a capture that meets this fault.</param>
/// <param name="Problem">
/// What is wrong: a sentence without its period, without credentials, and without text from the camera.
/// </param>
/// <param name="Remedy">What to do about it: a sentence without its period.</param>
/// <param name="Permanent">Whether retrying within the same capture is pointless.</param>
public sealed record CameraFault(CaptureOutcome Outcome, string Problem, string Remedy, bool Permanent = false)
{
    /// <summary>Problem and remedy, a sentence each.</summary>
    public string Text => $"{Problem}. {Remedy}.";

    internal CameraState State => Outcome switch
    {
        CaptureOutcome.NoCamera => CameraState.NoCamera,
        CaptureOutcome.MissingLibrary => CameraState.MissingLibrary,
        _ => CameraState.Failed,
    };
}

/// <summary>A camera cannot be opened, or it stopped.</summary>
public sealed class CameraException(CameraFault fault) : Exception(fault.Text)
{
    public CameraFault Fault { get; } = fault;
}
