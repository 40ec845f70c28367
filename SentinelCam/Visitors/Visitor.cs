using System.Net;

namespace SentinelCam.Visitors;

/// <summary>The sender of a request, cleaned, capped, and safe to store and show.</summary>
/// <param name="RemoteAddress">The address of the connection.</param>
/// <param name="UserAgent">At most 512 characters.</param>
/// <param name="IsThisMachine">The request comes from this machine, names it as such, and was not forwarded by a proxy.</param>
public sealed record Visitor(string RemoteAddress, string UserAgent, bool IsThisMachine)
{
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "Via", "X-Real-IP", "X-Original-For", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"];

    /// <summary>Excludes DNS rebinding: a foreign host name that resolves to this machine is no loopback name.</summary>
    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsForwarding(string header) =>
        header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || ForwardingHeaders.Contains(header, StringComparer.OrdinalIgnoreCase);

    public static Visitor Of(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        // Behind a proxy on this machine every visitor seems local, so a forwarded request never counts as local
        var local = address is not null && IPAddress.IsLoopback(address)
            && IsLoopbackName(context.Request.Host.Host) && !context.Request.Headers.Keys.Any(IsForwarding);
        return new Visitor(address?.ToString() ?? "unknown", VisitorText.Clean(context.Request.Headers.UserAgent, 512), local);
    }
}
