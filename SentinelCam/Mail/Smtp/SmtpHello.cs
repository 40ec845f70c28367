using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using SentinelCam.Configuration;

namespace SentinelCam.Mail;

/// <summary>
/// The name with which this machine introduces itself (EHLO). Many servers refuse a bare host name, so it is the full name, or
/// otherwise an address literal (RFC 5321, section 4.1.4).
/// </summary>
internal static class SmtpHello
{
    private const string Key = "Smtp:HelloName";

    // Names that mean nothing to another machine
    private static readonly string[] PrivateDomains =
        ["localhost", "localdomain", "local", "lan", "home", "internal", "intranet", "private", "home.arpa", "(none)"];

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>The name for a connection.</summary>
    /// <param name="options">Contains the configured name, if any.</param>
    /// <param name="local">This machine's end of the connection, if known.</param>
    public static string NameFor(SmtpOptions options, IPEndPoint? local) =>
        options.HelloName ?? FullName() ?? Literal(local?.Address ?? IPAddress.Loopback);

    /// <summary>Reads <c>Smtp:HelloName</c>.</summary>
    /// <returns>A host name in ASCII or an address literal; null if it is not set.</returns>
    /// <exception cref="ConfigurationException">It is neither.</exception>
    public static string? Read(IConfiguration configuration)
    {
        var text = configuration[Key]?.Trim();
        if (string.IsNullOrEmpty(text))
            return null;
        var bare = text is ['[', .., ']'] ? text[1..^1] : text;
        if (bare.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase))
            bare = bare[5..];
        // "1" and "1.2" are addresses to .NET
        if (IPAddress.TryParse(bare, out var address)
            && (bare.Contains(':', StringComparison.Ordinal) || bare.Count(c => c == '.') == 3))
        {
            return Literal(address);
        }

        return ToAscii(text) ?? throw new ConfigurationException(Key, text,
            "a full host name, such as cam.example.org, or an address, such as [192.0.2.1].");
    }

    /// <summary>An address in the form for EHLO: <c>[192.0.2.1]</c> or <c>[IPv6:2001:db8::1]</c>.</summary>
    internal static string Literal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        // Without the zone, which means nothing to another machine
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[IPv6:{new IPAddress(address.GetAddressBytes())}]"
            : $"[{address}]";
    }

    /// <summary>This machine's full name, or null if it has none that another machine could know.</summary>
    private static string? FullName()
    {
        try
        {
            var network = IPGlobalProperties.GetIPGlobalProperties();
            var name = network.HostName;
            if (!name.Contains('.', StringComparison.Ordinal) && network.DomainName.Length > 0)
                name = $"{name}.{network.DomainName}";
            return ToAscii(name.TrimEnd('.')) is { } full && !Array.Exists(PrivateDomains, domain => IsIn(full, domain))
                ? full
                : null;
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    private static bool IsIn(string name, string domain) =>
        name.Equals(domain, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>A full host name in ASCII, or null if the text is none.</summary>
    private static string? ToAscii(string name)
    {
        try
        {
            var ascii = Idn.GetAscii(name);
            return ascii.Contains('.', StringComparison.Ordinal)
                && Uri.CheckHostName(ascii) == UriHostNameType.Dns
                && !ascii.EndsWith('.')
                && !int.TryParse(ascii[(ascii.LastIndexOf('.') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? ascii
                : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
