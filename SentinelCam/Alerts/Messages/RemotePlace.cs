using System.Net;
using System.Net.Sockets;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>Where a request came from, which decides whether the camera can show who sent it.</summary>
public enum RemoteKind
{
    /// <summary>This machine: the person who typed sits in front of it.</summary>
    ThisMachine,

    /// <summary>Another machine on the local network.</summary>
    LocalNetwork,

    /// <summary>Anywhere else, or a text that is not an address.</summary>
    Remote,

    /// <summary>Anywhere: a proxy passed the request on without a readable address.</summary>
    Unknown,
}

/// <summary>Determines from its address where a request came from.</summary>
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

    /// <summary>The kind of place of an address.</summary>
    public static RemoteKind KindOf(string? remoteAddress)
    {
        if (remoteAddress is Visitor.UnknownAddress)
            return RemoteKind.Unknown;
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

    /// <summary>The place and the address in words, such as <c>the local network (192.168.0.7)</c>.</summary>
    public static string Describe(string? remoteAddress)
    {
        var address = VisitorText.Clean(remoteAddress, 64);
        if (address.Length == 0)
            return "an unknown address";
        if (remoteAddress is LoginAttempt.SeveralAddresses)
            return address;

        return KindOf(remoteAddress) switch
        {
            RemoteKind.ThisMachine => $"this machine ({address})",
            RemoteKind.LocalNetwork => $"the local network ({address})",
            RemoteKind.Unknown => "an unknown address (the proxy did not name the visitor)",
            _ => $"a remote address ({address})",
        };
    }
}
