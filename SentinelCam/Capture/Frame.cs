namespace SentinelCam.Capture;

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

/// <summary>What a frame is worth as evidence.</summary>
public enum FrameQuality
{
    /// <summary>Of the moment, and it shows something.</summary>
    Good,

    /// <summary>Nobody has looked at the picture: no capture wanted to, or OpenCV cannot be loaded.</summary>
    Unchecked,

    /// <summary>Nearly black all over: a covered lens, or no light.</summary>
    Black,

    /// <summary>One flat colour: a placeholder or a blinded sensor.</summary>
    Uniform,

    /// <summary>Taken more than two seconds before the moment that was asked for.</summary>
    Stale,

    /// <summary>The camera has sent this very picture, byte for byte, for more than five seconds.</summary>
    Frozen,

    /// <summary>A drawn picture that stands in for a missing camera.</summary>
    Demo,
}
