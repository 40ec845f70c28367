using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace SentinelCam.Visitors;

/// <summary>How a request arrived, before any forwarding header was applied.</summary>
/// <param name="Address">The address of the connection: the visitor's, or the proxy's.</param>
/// <param name="Port">The port of the connection.</param>
/// <param name="IsForwarded">A header says that a proxy passed the request on.</param>
/// <param name="ProxyIsTrusted">The configuration lets a proxy name the visitor.</param>
internal sealed record Arrival(IPAddress? Address, int Port, bool IsForwarded, bool ProxyIsTrusted)
{
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "Via", "X-Real-IP", "X-Original-For", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"];

    /// <summary>
    /// Whether the visitor's address is known. It is not if a proxy passed the request on and named nobody, or nobody that can be
    /// read: then the connection has kept the proxy's address. Without a trusted proxy only a connection from this machine, where
    /// proxies run, is doubted: otherwise any visitor could hide their address with a header.
    /// </summary>
    public bool KnowsVisitor(ConnectionInfo connection) =>
        !IsForwarded
        || (ProxyIsTrusted
            // A header rarely names a port, and a visitor who guesses the proxy's only becomes unknown
            ? !(Equals(connection.RemoteIpAddress, Address) && connection.RemotePort == Port)
            : Address is not null && !IPAddress.IsLoopback(Address));

    public static Arrival Of(HttpContext context, bool proxyIsTrusted = false) => new(
        context.Connection.RemoteIpAddress, context.Connection.RemotePort, context.Request.Headers.Keys.Any(IsForwarding),
        proxyIsTrusted);

    private static bool IsForwarding(string header) =>
        header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || ForwardingHeaders.Contains(header, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Notes the <see cref="Arrival"/> of each request before ASP.NET Core changes its address.</summary>
internal sealed class ArrivalNote(IOptions<ForwardedHeadersOptions> options) : IStartupFilter
{
    private readonly bool _proxyIsTrusted = options.Value.ForwardedHeaders.HasFlag(ForwardedHeaders.XForwardedFor);

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            context.Features.Set(Arrival.Of(context, _proxyIsTrusted));
            return rest(context);
        });
        next(app);
    };
}

/// <summary>Registers where the site is, and what must see a request first.</summary>
public static class VisitorServices
{
    public static IServiceCollection AddVisitors(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(SiteOptions.Read(configuration));
        // The first filter is the outermost: ASP.NET Core's own, which applies the forwarding headers, is registered already
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, ArrivalNote>());
        return services;
    }
}
