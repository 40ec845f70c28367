namespace SentinelCam.Data;

/// <summary>The value of a frame as evidence.</summary>
public enum FrameQuality
{
    /// <summary>Taken at the right moment, and not blank.</summary>
    Good,

    /// <summary>Not examined: no capture needed it, or OpenCV cannot be loaded.</summary>
    Unchecked,

    /// <summary>Nearly black all over: a covered lens, or no light.</summary>
    Black,

    /// <summary>One flat colour: a placeholder or a blinded sensor.</summary>
    Uniform,

    /// <summary>Taken more than two seconds before the requested moment.</summary>
    Stale,

    /// <summary>The camera has sent identical bytes for more than five seconds.</summary>
    Frozen,

    /// <summary>A drawn picture in place of a missing camera.</summary>
    Demo,
}
