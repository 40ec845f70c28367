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
