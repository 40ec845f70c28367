using System.Net;
using System.Net.Sockets;

namespace SentinelCam.Visitors;

/// <summary>Whom an address belongs to, as far as guesses are grouped by it.</summary>
public static class RemoteNetwork
{
    /// <summary>
    /// An IPv4 address itself; of an IPv6 address the first 64 bits, since one household or server has all addresses that begin with
    /// them. What is no address stays as it is.
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
