using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>One picture in memory.</summary>
/// <param name="Jpeg">The camera's own JPEG, byte for byte, if it delivers JPEG; otherwise encoded at quality 90.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="TakenAt">UTC time when the first byte of the frame arrived or the device delivered it.</param>
/// <param name="Quality">
/// What is known about the picture. A frame in the ring is <see cref="FrameQuality.Unchecked"/> until a capture judges it.
/// </param>
public sealed record Frame(byte[] Jpeg, int Width, int Height, DateTimeOffset TakenAt, FrameQuality Quality)
{
    /// <summary>
    /// Sharpness times exposure; higher is better. Comparable within one camera. Null if the frame was not judged.
    /// </summary>
    public double? Score { get; init; }

    /// <summary>Whether the camera may have taken it long before it arrived. Captures use it only as a last resort.</summary>
    public bool MayBeOld { get; init; }
}
