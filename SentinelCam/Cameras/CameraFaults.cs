namespace SentinelCam.Cameras;

/// <summary>The faults that any camera may have.</summary>
internal static class CameraFaults
{
    /// <summary>The fault of a camera that cannot do without the library.</summary>
    public static CameraFault OpenCvMissing { get; } = new(
        CaptureOutcome.MissingLibrary,
        "OpenCV, which reads device and file cameras, cannot be loaded",
        OperatingSystem.IsLinux()
            ? "Install GTK 3 with \"apt-get install libgtk-3-0\" and start SentinelCam again"
            : "Install the OpenCvSharp4 runtime package for this platform and start SentinelCam again",
        Permanent: true);

    public static CameraFault Ended { get; } = new(
        CaptureOutcome.Unreachable, "The camera has ended its stream", "Check that it is switched on and not in use elsewhere");

    public static CameraFault Silent { get; } = new(
        CaptureOutcome.TimedOut, "The camera is connected but sends no picture", "Switch it off and on again");

    public static CameraFault Garbled { get; } = new(
        CaptureOutcome.BadFrame, "The camera sends pictures that are cut off or damaged", "Check its cable or network");

    public static CameraFault NoPictures { get; } = new(
        CaptureOutcome.BadFrame, "The camera's address answers, but with neither an MJPEG stream nor a JPEG picture",
        "Use the address of its stream or snapshot, as its manual gives it", Permanent: true);

    public static CameraFault TooSlow { get; } = new(
        CaptureOutcome.TimedOut, "The camera did not deliver a picture in the time that a capture has",
        "Check that it is switched on and that its network is not overloaded");

    public static CameraFault NoAnswer { get; } = new(
        CaptureOutcome.Unreachable, "The camera does not answer", "Check its power, its network and the host and port in its address");

    public static CameraFault UnknownHost { get; } = new(
        CaptureOutcome.Unreachable, "The camera's host name is not known", "Check the host in its address");

    public static CameraFault Untrusted { get; } = new(
        CaptureOutcome.Unreachable, "The camera's certificate is not trusted",
        "Install its certificate on this machine, or use http:// in a network that you trust");

    /// <param name="hasCredentials">Whether the camera was given any.</param>
    public static CameraFault Refused(bool hasCredentials) => new(
        CaptureOutcome.Unreachable, hasCredentials ? "The camera refuses the user name and password" : "The camera asks for a user name and password",
        $"Put {(hasCredentials ? "the right ones" : "them")} into the camera's source, as in http://name:password@host/", Permanent: true);

    public static CameraFault NotFound { get; } = new(
        CaptureOutcome.Unreachable, "The camera has nothing at this address", "Check the path in its address", Permanent: true);

    public static CameraFault Redirects { get; } = new(
        CaptureOutcome.Unreachable, "The camera's address leads to another host", "Put the final address into the camera's source", Permanent: true);

    public static CameraFault Unexpected(Exception e) => new(
        CaptureOutcome.Unreachable, $"The camera failed in an unexpected way ({e.GetType().Name})", "Start SentinelCam again if it stays so");
}
