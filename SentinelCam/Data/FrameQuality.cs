namespace SentinelCam.Data;

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
