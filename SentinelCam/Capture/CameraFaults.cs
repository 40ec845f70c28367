namespace SentinelCam.Capture;

/// <summary>The faults that any camera may have.</summary>
internal static class CameraFaults
{
    public static CameraFault Ended { get; } = new(
        CaptureOutcome.Unreachable, "The camera has ended its stream", "Check that it is switched on and not in use elsewhere");

    public static CameraFault Silent { get; } = new(
        CaptureOutcome.TimedOut, "The camera is connected but sends no picture", "Switch it off and on again");

    public static CameraFault Garbled { get; } = new(
        CaptureOutcome.BadFrame, "The camera sends pictures that are cut off or damaged", "Check its cable or network");

    public static CameraFault TooSlow { get; } = new(
        CaptureOutcome.TimedOut, "The camera did not deliver a picture in the time that a capture has",
        "Check that it is switched on and that its network is not overloaded");

    public static CameraFault Unexpected { get; } = new(
        CaptureOutcome.Unreachable, "The camera failed in an unexpected way", "See the log, and start SentinelCam again if it stays so");
}
