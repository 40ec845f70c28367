namespace SentinelCam.Cameras;

/// <summary>How the pictures of an RTSP camera travel, as set by <c>Camera:RtspTransport</c>.</summary>
public enum RtspTransport
{
    /// <summary>Over TCP. If the camera refuses that or sends nothing, over UDP.</summary>
    Auto,

    /// <summary>Within the RTSP connection, so nothing is lost and firewalls need no rule.</summary>
    Tcp,

    /// <summary>In packets of their own, which networks may lose.</summary>
    Udp,
}
