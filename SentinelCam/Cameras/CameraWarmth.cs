namespace SentinelCam.Cameras;

/// <summary>When the camera is open, as set by <c>Camera:Warm</c>.</summary>
public enum CameraWarmth
{
    /// <summary>Opened by a visit to the sign-in page or a capture, and closed after the idle time.</summary>
    OnDemand,

    /// <summary>Open as long as SentinelCam runs.</summary>
    Always,

    /// <summary>Opened for each capture and closed after it.</summary>
    Never,
}
