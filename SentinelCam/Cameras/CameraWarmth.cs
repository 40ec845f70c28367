namespace SentinelCam.Cameras;

/// <summary>When the camera is open: <c>Camera:Warm</c>.</summary>
public enum CameraWarmth
{
    /// <summary>From a visit to the sign-in page, or a capture, until nobody has come for the idle time.</summary>
    OnDemand,

    /// <summary>As long as SentinelCam runs.</summary>
    Always,

    /// <summary>Opened for each capture and closed after it.</summary>
    Never,
}
