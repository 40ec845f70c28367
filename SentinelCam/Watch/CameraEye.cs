using SentinelCam.Cameras;

namespace SentinelCam.Watch;

/// <summary>
/// Knows whether the camera shows something, from the captures that others make. Looks itself only when nobody else did for
/// <see cref="WatchOptions.Look"/>, and more often while it is not certain.
/// </summary>
public sealed class CameraEye(CameraFeed camera, WatchOptions options, TimeProvider time)
{
    /// <summary>How many looks come in the time of one while a trouble begins or ends.</summary>
    private const int Closer = 4;

    private readonly long _started = time.GetTimestamp();
    private long? _lastSeen;

    /// <summary>Whether the camera gives pictures, as far as is known. They may be dark, as at night.</summary>
    public bool IsHealthy => camera.LastCapture is not { HasPicture: false }
        && camera.Status.State is CameraState.Off or CameraState.Opening or CameraState.Live;

    /// <summary>Gets what was seen since the last call, and looks if it is time.</summary>
    /// <param name="isUndecided">Whether a trouble begins or ends.</param>
    /// <param name="cancellationToken">Ends a look.</param>
    /// <returns>Null if nothing was seen.</returns>
    public async Task<CaptureEvidence?> SeeAsync(bool isUndecided, CancellationToken cancellationToken)
    {
        if (IsLookDue(isUndecided))
            await camera.LookAsync(cancellationToken);
        if (camera.LastCapture is not { } seen || seen.At == _lastSeen)
            return null;
        _lastSeen = seen.At;
        return seen;
    }

    private bool IsLookDue(bool isUndecided)
    {
        if (options.Look == TimeSpan.Zero || camera.OpensForCapturesOnly)
            return false;
        // Without a look at the start, the dead man's switch would be told that a broken camera works
        if (camera.LastCapture is null && options.Ping is not null)
            return true;
        return time.GetElapsedTime(camera.LastCapture?.At ?? _started) >= (isUndecided ? options.Look / Closer : options.Look);
    }
}
