using OpenCvSharp;

namespace SentinelCam.Cameras;

/// <summary>OpenCV's native library. Finds out, once and safely, whether it can be loaded.</summary>
/// <param name="load">Calls any native function. It throws if the library is missing.</param>
public sealed class OpenCvLibrary(Action load)
{
    private readonly Lazy<bool> _loads = new(() => TryLoad(load));

    /// <summary>The library that is installed.</summary>
    public OpenCvLibrary()
        : this(() => Cv2.SetLogLevel(OpenCvSharp.LogLevel.ERROR))
    {
    }

    /// <summary>Whether native calls work. The first use loads the library.</summary>
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
