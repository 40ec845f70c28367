using System.Net;

namespace SentinelCam.LoginAttempts;

/// <summary>Who sent a request, as far as the request tells: cleaned, capped, and safe to store and show.</summary>
/// <param name="RemoteAddress">The address of the connection.</param>
/// <param name="UserAgent">At most 512 characters.</param>
/// <param name="IsThisMachine">The connection comes from this machine, was meant for it, and no proxy has passed it on.</param>
public sealed record Visitor(string RemoteAddress, string UserAgent, bool IsThisMachine)
{
    private static readonly string[] ForwardingHeaders = ["X-Forwarded-For", "X-Original-For", "Forwarded", "X-Real-IP", "Via"];

    /// <summary>Whether a request that came from this machine also meant it: a foreign page whose name points here (DNS rebinding) did not.</summary>
    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    public static Visitor Of(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        // Behind a proxy on this machine everybody seems to be here, so a forwarded request never counts as local
        var local = address is not null && IPAddress.IsLoopback(address)
            && IsLoopbackName(context.Request.Host.Host) && !ForwardingHeaders.Any(context.Request.Headers.ContainsKey);
        return new Visitor(address?.ToString() ?? "unknown", VisitorText.Clean(context.Request.Headers.UserAgent, 512), local);
    }
}
