namespace SentinelCam.Cameras;

/// <summary>Why a camera gives no pictures.</summary>
/// <param name="Outcome">The outcome of a capture that meets this fault.</param>
/// <param name="Problem">What is wrong: a sentence without its full stop, and without credentials or foreign text.</param>
/// <param name="Remedy">What to do about it: a sentence without its full stop.</param>
/// <param name="Permanent">Whether trying again within the same capture is pointless.</param>
public sealed record CameraFault(CaptureOutcome Outcome, string Problem, string Remedy, bool Permanent = false)
{
    /// <summary>Problem and remedy as one sentence.</summary>
    public string Sentence => $"{Problem}: {char.ToLowerInvariant(Remedy[0])}{Remedy[1..]}.";

    internal CameraState State => Outcome switch
    {
        CaptureOutcome.NoCamera => CameraState.NoCamera,
        CaptureOutcome.MissingLibrary => CameraState.MissingLibrary,
        _ => CameraState.Failed,
    };
}

/// <summary>A camera cannot be opened, or has stopped.</summary>
public sealed class CameraException(CameraFault fault) : Exception(fault.Sentence)
{
    public CameraFault Fault { get; } = fault;
}
