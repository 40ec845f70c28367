using System.Globalization;
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
    public static string Of(string remoteAddress) => Of(remoteAddress, 64);

    /// <summary>The same with the first 48 bits of an IPv6 address, which one customer may have.</summary>
    public static string SiteOf(string remoteAddress) => Of(remoteAddress, 48);

    /// <summary>
    /// The network around an address, in which one attacker may have many: the first 24 bits of an IPv4 address, and the first 48
    /// bits of an IPv6 address. Returns other text unchanged.
    /// </summary>
    public static string AroundOf(string remoteAddress)
    {
        var site = SiteOf(remoteAddress);
        if (!IPAddress.TryParse(site, out var address) || address.AddressFamily != AddressFamily.InterNetwork)
            return site;
        var bytes = address.GetAddressBytes();
        bytes[3] = 0;
        return $"{new IPAddress(bytes)}/24";
    }

    private static string Of(string remoteAddress, int prefix)
    {
        if (!IPAddress.TryParse(remoteAddress, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return remoteAddress;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(prefix / 8).Clear();
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{prefix}");
    }
}
