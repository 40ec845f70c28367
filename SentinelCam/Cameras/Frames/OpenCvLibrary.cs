using OpenCvSharp;

namespace SentinelCam.Cameras.Frames;

/// <summary>OpenCV's native library, of which nobody knows whether it loads until it is tried: once, and safely.</summary>
/// <param name="load">Calls any native function; what it throws is the reason why the library is missing.</param>
public sealed class OpenCvLibrary(Action load)
{
    private readonly Lazy<bool> _loads = new(() => TryLoad(load));

    /// <summary>The library that is installed.</summary>
    public OpenCvLibrary()
        : this(() => Cv2.SetLogLevel(OpenCvSharp.LogLevel.ERROR))
    {
    }

    /// <summary>Whether native calls work; the first question loads the library.</summary>
    public bool Loads => _loads.Value;

    /// <summary>The fault of a camera that cannot do without the library.</summary>
    public static CameraFault Missing { get; } = new(
        CaptureOutcome.MissingLibrary,
        "OpenCV, which reads device and file cameras, cannot be loaded",
        OperatingSystem.IsLinux()
            ? "Install GTK 3 with \"apt-get install libgtk-3-0\" and start SentinelCam again"
            : "Install the OpenCvSharp4 runtime package for this platform and start SentinelCam again",
        Permanent: true);

    private static bool TryLoad(Action load)
    {
        try
        {
            load();
            return true;
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException
                                      or BadImageFormatException or OpenCvSharpException)
        {
            return false;
        }
    }
}
