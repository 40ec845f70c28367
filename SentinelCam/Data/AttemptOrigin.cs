namespace SentinelCam.Data;

/// <summary>Where credentials were submitted. Alerts of one owner are kept apart by it.</summary>
public enum AttemptOrigin
{
    /// <summary>SentinelCam's own web page, from anywhere.</summary>
    WebPage,

    /// <summary>A log-in to the device by someone in front of it.</summary>
    AtDevice,

    /// <summary>A log-in to the device over the network.</summary>
    OverNetwork,
}
