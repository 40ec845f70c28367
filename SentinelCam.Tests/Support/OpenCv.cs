using SentinelCam.Cameras;

namespace SentinelCam.Tests.Support;

/// <summary>OpenCV as it is installed on this machine, loaded once for all tests.</summary>
public static class OpenCv
{
    /// <summary>Why tests that need OpenCV are skipped.</summary>
    public const string NotLoaded = "OpenCV's native library cannot be loaded (libgtk-3-0)";

    public static OpenCvLibrary Library { get; } = new();

    /// <summary>Stands for a machine without the library.</summary>
    public static OpenCvLibrary Missing { get; } = new(() => throw new DllNotFoundException());
}
