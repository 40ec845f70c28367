namespace SentinelCam.Device;

/// <summary>What became of a change to PAM's configuration.</summary>
public enum PamChange
{
    /// <summary>The lines and files are as asked for.</summary>
    Done,

    /// <summary>
    /// <c>pam-auth-update</c> changed nothing, because somebody edited its part of a file in <c>/etc/pam.d</c>.
    /// </summary>
    Refused,

    /// <summary>There is no <c>pam-auth-update</c>, so an administrator must edit <c>/etc/pam.d</c> by hand.</summary>
    ByHand,
}
