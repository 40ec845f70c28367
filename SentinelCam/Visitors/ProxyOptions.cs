using System.Net;
using SentinelCam.Configuration;

namespace SentinelCam.Visitors;

/// <summary>The proxies that may name the visitor and the scheme, from <c>Site:Proxies</c>.</summary>
/// <param name="Networks">Their networks, one address each or more.</param>
/// <param name="AreNamed">
/// Whether the configuration names them. Otherwise only ASP.NET Core's own switch can turn the headers on, and then only for a
/// proxy on this machine.
/// </param>
public sealed record ProxyOptions(IReadOnlyList<IPNetwork> Networks, bool AreNamed)
{
    private const string Key = "Site:Proxies";

    /// <summary>ASP.NET Core's switch, which trusts everybody: <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED</c>.</summary>
    private const string FrameworkKey = "ForwardedHeaders_Enabled";

    private static readonly IPNetwork[] ThisMachine = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>Whether forwarding headers are read at all.</summary>
    public bool IsAny => Networks.Count > 0;

    /// <exception cref="ConfigurationException">A part of the value is neither an address nor a network.</exception>
    public static ProxyOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var text = configuration[Key];
        if (!string.IsNullOrWhiteSpace(text))
        {
            var parts = text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries);
            var networks = parts.Select(part => Parse(part) ?? throw new ConfigurationException(Key, text,
                "addresses or networks of proxies, with commas between them, such as 127.0.0.1 or 10.0.0.0/24."));
            return new ProxyOptions([.. networks], AreNamed: true);
        }

        return new ProxyOptions(IsOn(configuration) ? ThisMachine : [], AreNamed: false);
    }

    /// <summary>Whether ASP.NET Core applies the headers by itself.</summary>
    public static bool IsOn(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return string.Equals(configuration[FrameworkKey], "true", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a connection comes from one of them.</summary>
    public bool Contain(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        return address is not null && Networks.Any(network => network.Contains(address));
    }

    private static IPNetwork? Parse(string text)
    {
        if (IPAddress.TryParse(text, out var address))
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        // A network of everybody would let every visitor choose an address
        return IPNetwork.TryParse(text, out var network) && network.PrefixLength > 0 ? network : null;
    }
}
