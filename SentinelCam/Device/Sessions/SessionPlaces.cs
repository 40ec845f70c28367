using System.Net;
using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>Determines whether somebody in front of the device tried to log in, or somebody far away.</summary>
public sealed class SessionPlaces(Logind logind)
{
    private const int MaxSessionLength = 64;

    /// <summary>Takes a second at most.</summary>
    /// <returns>
    /// Null for a log-in at the device. Otherwise the computer that it came from, which is empty if that is unknown.
    /// </returns>
    public async ValueTask<string?> RemoteHostAsync(DeviceEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        var isNetworkService = DeviceServices.KindOf(happened.Service) is DeviceService.Ssh
            || happened.Service is DeviceServices.WindowsRemote;
        // Some log-in screens name the device itself
        if (isNetworkService || (happened.RemoteHost.Length > 0 && !IsThisDevice(happened.RemoteHost)))
            return happened.RemoteHost;
        // A program in a session over the network, such as sudo inside ssh
        return IsPseudoTerminal(happened.Terminal) && IsSession(happened.Session)
            ? await logind.RemoteHostAsync(happened.Session)
            : null;
    }

    private static bool IsThisDevice(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Whether it is no screen or console. A program without a terminal can run in any session.</summary>
    private static bool IsPseudoTerminal(string terminal) =>
        terminal.Length == 0
        || terminal.StartsWith("pts/", StringComparison.Ordinal) || terminal.StartsWith("/dev/pts/", StringComparison.Ordinal);

    private static bool IsSession(string session) =>
        session.Length is > 0 and <= MaxSessionLength && session.All(char.IsAsciiLetterOrDigit);
}
