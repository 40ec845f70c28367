using SentinelCam.Configuration;

namespace SentinelCam.Device;

/// <summary>Where SentinelCam learns about log-ins to the device.</summary>
public enum DeviceSource
{
    /// <summary>The files that PAM's helper writes, see <see cref="PamInstallation"/>.</summary>
    Spool,

    /// <summary>The system's journal.</summary>
    Journal,

    /// <summary>Windows' security log.</summary>
    EventLog,

    /// <summary>Nowhere: only sign-ins to the web page count.</summary>
    None,
}

/// <summary>How log-ins to the device are watched.</summary>
/// <param name="Source"><c>Device:Source</c>: where events come from; by default the spool, once it is installed.</param>
/// <param name="PhotographRemote">
/// <c>Device:PhotographRemote</c>: whether log-ins over the network are photographed too, although the camera cannot show who it
/// was.
/// </param>
/// <param name="WarmWhileLocked">
/// <c>Device:WarmWhileLocked</c>: whether the camera stays open while the screen is locked and somebody is at it.
/// </param>
/// <param name="Spool"><c>Device:Spool</c>: the directory of the spool.</param>
public sealed record DeviceOptions(DeviceSource Source, bool PhotographRemote, bool WarmWhileLocked, string Spool)
{
    /// <summary>The directory where PAM's helper puts events.</summary>
    public const string UsualSpool = "/var/spool/sentinelcam";

    /// <summary>The directory where PAM's helper puts events if it runs as root: users cannot fill it.</summary>
    public string RootSpool => Spool + "-root";

    public static DeviceOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var usual = OperatingSystem.IsLinux() ? DeviceSource.Spool
            : OperatingSystem.IsWindows() ? DeviceSource.EventLog
            : DeviceSource.None;
        return new(
            Setting.Choice(configuration, "Device:Source", usual),
            Setting.Switch(configuration, "Device:PhotographRemote"),
            Setting.Switch(configuration, "Device:WarmWhileLocked"),
            configuration["Device:Spool"] is { Length: > 0 } path ? path : UsualSpool);
    }
}
