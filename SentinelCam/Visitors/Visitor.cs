using System.Net;

namespace SentinelCam.Visitors;

/// <summary>The sender of a request, cleaned, capped, and safe to store and show.</summary>
/// <param name="RemoteAddress">The visitor's address, or <see cref="UnknownAddress"/>.</param>
/// <param name="UserAgent">At most <see cref="MaxUserAgentBytes"/>.</param>
/// <param name="IsThisMachine">The request comes from this machine, names it as such, and was not forwarded by a proxy.</param>
public sealed record Visitor(string RemoteAddress, string UserAgent, bool IsThisMachine)
{
    /// <summary>How many UTF-8 bytes of the user agent are kept. Browsers state 70 to 180.</summary>
    public const int MaxUserAgentBytes = 192;

    /// <summary>Stands for the address of a visitor whom a proxy did not name.</summary>
    public const string UnknownAddress = "unknown";

    /// <summary>Excludes DNS rebinding: a foreign host name that resolves to this machine is no loopback name.</summary>
    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    public static Visitor Of(HttpContext context)
    {
        var arrival = context.Features.Get<Arrival>() ?? Arrival.Of(context);
        var address = arrival.KnowsVisitor(context.Connection) ? context.Connection.RemoteIpAddress : null;
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        // Behind a proxy on this machine every visitor seems local, so a forwarded request never counts as local
        var local = address is not null && IPAddress.IsLoopback(address)
            && IsLoopbackName(context.Request.Host.Host) && !arrival.IsForwarded;
        return new Visitor(
            address?.ToString() ?? UnknownAddress,
            VisitorText.CleanToBytes(context.Request.Headers.UserAgent, MaxUserAgentBytes), local);
    }
}
