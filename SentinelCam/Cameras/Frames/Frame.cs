using SentinelCam.Data;

namespace SentinelCam.Cameras.Frames;

/// <summary>One picture in memory.</summary>
/// <param name="Jpeg">The camera's own JPEG byte for byte where it delivers JPEG, otherwise encoded at quality 90.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="TakenAt">UTC, when the first byte of the frame arrived, or when the device handed it over.</param>
/// <param name="Quality">What is known about the picture; a ring frame is <see cref="FrameQuality.Unchecked"/> until a capture looks at it.</param>
public sealed record Frame(byte[] Jpeg, int Width, int Height, DateTimeOffset TakenAt, FrameQuality Quality)
{
    /// <summary>Sharpness times exposure, higher is better, comparable within one camera; null where nobody has looked.</summary>
    public double? Score { get; init; }
}
