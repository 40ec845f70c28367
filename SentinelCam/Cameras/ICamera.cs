using SentinelCam.Cameras.Frames;

namespace SentinelCam.Cameras;

/// <summary>A source of frames: a device, a stream, a file. <see cref="CameraFeed"/> owns one.</summary>
public interface ICamera
{
    /// <summary>Where the frames come from, without credentials or query.</summary>
    string Source { get; }

    /// <summary>Whether opening it starts a sensor, whose first pictures are dark until the exposure has settled.</summary>
    bool StartsDark => false;

    /// <summary>What keeps the camera from working, where drawn pictures stand in for it; else null.</summary>
    CameraFault? StandsInFor => null;

    /// <summary>Looks, without opening the camera, for what would keep it from working.</summary>
    /// <returns>The fault, or null when nothing is known to be wrong.</returns>
    CameraFault? Check();

    /// <summary>Opens the camera and yields its frames in the order of their time until it is cancelled.</summary>
    /// <remarks>Cancelling ends the enumeration within five seconds, even if native code is stuck.</remarks>
    /// <exception cref="CameraException">The camera cannot be opened or has stopped.</exception>
    IAsyncEnumerable<Frame> ReadAsync(CancellationToken cancellationToken);
}
