using System.Net;
using System.Net.Sockets;

namespace SentinelCam.Visitors;

/// <summary>The network of an address, by which guesses are grouped.</summary>
public static class RemoteNetwork
{
    /// <summary>
    /// Returns an IPv4 address unchanged, and the first 64 bits of an IPv6 address, because one household or server owns all
    /// addresses with that prefix. Returns other text unchanged.
    /// </summary>
    public static string Of(string remoteAddress)
    {
        if (!IPAddress.TryParse(remoteAddress, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return remoteAddress;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes) + "/64";
    }
}
