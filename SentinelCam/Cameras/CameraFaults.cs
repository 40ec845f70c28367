using System.Runtime.InteropServices;

namespace SentinelCam.Cameras;

/// <summary>The faults that cameras have in common.</summary>
internal static class CameraFaults
{
    /// <summary>For cameras that OpenCV reads, and otherwise the <c>ffmpeg</c> program.</summary>
    public static CameraFault OpenCvMissing { get; } = new(
        CaptureOutcome.MissingLibrary,
        "Neither OpenCV nor the ffmpeg program, one of which reads camera devices and video files, can be used",
        !OperatingSystem.IsLinux() ? "Install the OpenCvSharp4 runtime package for this platform and restart SentinelCam"
        : RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? "Install GTK 3, which OpenCV needs, with \"apt-get install libgtk-3-0\", or ffmpeg, and restart SentinelCam"
        : "Install ffmpeg with \"apt-get install ffmpeg\"",
        Permanent: true);

    public static CameraFault Ended { get; } = new(
        CaptureOutcome.Unreachable, "The camera closed its stream", "Check that it is on and that nothing else is using it");

    public static CameraFault Silent { get; } = new(
        CaptureOutcome.TimedOut, "The camera is connected but sends no pictures", "Turn it off and on again");

    public static CameraFault Garbled { get; } = new(
        CaptureOutcome.BadFrame, "The camera sends incomplete or damaged pictures", "Check its cable or network connection");

    public static CameraFault TooLarge { get; } = new(
        CaptureOutcome.BadFrame, "The camera's pictures are too large: at most 65 megapixels and 16 MiB can be used",
        "Choose a lower resolution or quality in the camera's settings");

    public static CameraFault NoPictures { get; } = new(
        CaptureOutcome.BadFrame, "The camera's address returns neither an MJPEG stream nor a JPEG picture",
        "Use the stream or snapshot address from the camera's manual", Permanent: true);

    public static CameraFault TooSlow { get; } = new(
        CaptureOutcome.TimedOut, "The camera did not deliver a picture in time",
        "Check that it is on and that its network is not overloaded");

    public static CameraFault NoAnswer { get; } = new(
        CaptureOutcome.Unreachable, "The camera does not answer",
        "Check its power, its network connection, and the host and port in its address");

    public static CameraFault NotUnderstood { get; } = new(
        CaptureOutcome.Unreachable, "The camera answers, but not as a web server does",
        "Check the port in its address, and whether the address must start with http://, https:// or rtsp://");

    public static CameraFault NoTls { get; } = new(
        CaptureOutcome.Unreachable, "No encrypted connection to the camera can be set up",
        "Check the port in its address, or use http:// on a network that you trust");

    public static CameraFault UnknownHost { get; } = new(
        CaptureOutcome.Unreachable, "The camera's host name cannot be found", "Check the host name in its address");

    public static CameraFault Untrusted { get; } = new(
        CaptureOutcome.Unreachable, "The camera's certificate is not trusted",
        "Install its certificate on this machine, or use http:// on a network that you trust");

    /// <param name="hasCredentials">Whether the camera's address contains a user name and password.</param>
    public static CameraFault Refused(bool hasCredentials) => hasCredentials
        ? new(CaptureOutcome.Unreachable, "The camera rejected the user name and password",
            "Correct them in the camera's address, as in http://name:password@host/", Permanent: true)
        : new(CaptureOutcome.Unreachable, "The camera requires a user name and password",
            "Add them to the camera's address, as in http://name:password@host/", Permanent: true);

    public static CameraFault Forbidden { get; } = new(
        CaptureOutcome.Unreachable, "The camera does not allow access to this address",
        "Check the path, user name and password in its address, and whether the camera limits who may connect", Permanent: true);

    /// <param name="status">The HTTP status.</param>
    public static CameraFault Busy(int status) => new(
        CaptureOutcome.Unreachable, $"The camera is too busy to answer (HTTP error {status})",
        "Close other programs that read it, or turn it off and on again");

    public static CameraFault NotFound { get; } = new(
        CaptureOutcome.Unreachable, "The camera has nothing at this address", "Check the path in its address", Permanent: true);

    public static CameraFault Redirects { get; } = new(
        CaptureOutcome.Unreachable, "The camera's address redirects to another host",
        "Use the final address as the camera's source", Permanent: true);

    public static CameraFault Unexpected(Exception e) => new(
        CaptureOutcome.Unreachable, $"The camera failed unexpectedly ({e.GetType().Name})",
        "Restart SentinelCam if the problem persists");
}
