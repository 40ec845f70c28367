using System.Net;
using System.Net.Sockets;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>Where a request came from, as far as a camera is concerned.</summary>
public enum RemoteKind
{
    /// <summary>This machine: whoever typed sits in front of it.</summary>
    ThisMachine,

    /// <summary>Another machine of the same network.</summary>
    LocalNetwork,

    /// <summary>Anywhere else; also what is no address at all.</summary>
    Remote,
}

/// <summary>Tells from an address where a request came from.</summary>
public static class RemotePlace
{
    private static readonly IPNetwork[] LocalNetworks =
    [
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fc00::/7"),
        IPNetwork.Parse("fe80::/10"),
    ];

    /// <summary>The kind of place that an address belongs to.</summary>
    public static RemoteKind KindOf(string? remoteAddress)
    {
        if (!IPAddress.TryParse(remoteAddress, out var address))
            return RemoteKind.Remote;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return RemoteKind.ThisMachine;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            address = new IPAddress(address.GetAddressBytes());
        return LocalNetworks.Any(network => network.Contains(address)) ? RemoteKind.LocalNetwork : RemoteKind.Remote;
    }

    /// <summary>The place in words with its address, for example <c>the local network (192.168.0.7)</c>.</summary>
    public static string Describe(string? remoteAddress)
    {
        var address = VisitorText.Clean(remoteAddress, 64);
        if (address.Length == 0)
            return "an unknown address";

        return KindOf(remoteAddress) switch
        {
            RemoteKind.ThisMachine => $"this machine ({address})",
            RemoteKind.LocalNetwork => $"the local network ({address})",
            _ => $"a remote address ({address})",
        };
    }
}
