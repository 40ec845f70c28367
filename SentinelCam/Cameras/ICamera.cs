
namespace SentinelCam.Cameras;

/// <summary>A source of frames: a device, a stream or a file. <see cref="CameraFeed"/> owns one.</summary>
public interface ICamera
{
    /// <summary>Where the frames come from, without credentials and query string.</summary>
    string Source { get; }

    /// <summary>
    /// What it reads, to tell whether two cameras read the same. May contain credentials: never shown or logged.
    /// </summary>
    string Identity => Source;

    /// <summary>Whether opening it starts a sensor. Its first pictures are dark until the exposure has settled.</summary>
    bool StartsDark => false;

    /// <summary>Why DEMO pictures replace the camera's own, or null if they do not.</summary>
    CameraFault? StandsInFor => null;

    /// <summary>Checks, without opening the camera, whether it can work.</summary>
    /// <returns>The fault, or null if none is known.</returns>
    CameraFault? Check();

    /// <summary>Opens the camera and yields its frames in order of time, until it is cancelled.</summary>
    /// <remarks>Cancelling ends the enumeration within five seconds, even if native code is stuck.</remarks>
    /// <exception cref="CameraException">The camera cannot be opened, or it stopped.</exception>
    IAsyncEnumerable<Frame> ReadAsync(CancellationToken cancellationToken);
}
