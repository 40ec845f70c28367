using System.Net;
using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>Determines whether somebody in front of the device tried to log in, or somebody far away.</summary>
public sealed class SessionPlaces
{
    /// <returns>
    /// Null for a log-in at the device. Otherwise the computer that it came from, which is empty if that is unknown.
    /// </returns>
    public ValueTask<string?> RemoteHostAsync(DeviceEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        var isNetworkService = DeviceServices.KindOf(happened.Service) is DeviceService.Ssh
            || happened.Service is DeviceServices.WindowsRemote;
        // Some log-in screens name the device itself
        if (isNetworkService || (happened.RemoteHost.Length > 0 && !IsThisDevice(happened.RemoteHost)))
            return ValueTask.FromResult<string?>(happened.RemoteHost);
        return ValueTask.FromResult<string?>(null);
    }

    private static bool IsThisDevice(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
