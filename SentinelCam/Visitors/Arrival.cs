using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace SentinelCam.Visitors;

/// <summary>How a request arrived, before any forwarding header was applied.</summary>
/// <param name="Address">The address of the connection: the visitor's, or the proxy's.</param>
/// <param name="Port">The port of the connection.</param>
/// <param name="IsForwarded">A header says that a proxy passed the request on.</param>
/// <param name="ProxyIsTrusted">The connection comes from a proxy that the configuration lets name the visitor.</param>
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
/// <remarks>Then applies the headers of named proxies, unless ASP.NET Core's own filter, which is next, does it.</remarks>
internal sealed class ArrivalNote(ProxyOptions proxies, IConfiguration configuration, ILogger<ArrivalNote> logger)
    : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            context.Features.Set(Arrival.Of(context, proxies.Contain(context.Connection.RemoteIpAddress)));
            return rest(context);
        });
        if (proxies.IsAny && !ProxyOptions.IsOn(configuration))
            app.UseForwardedHeaders();
        if (proxies is { IsAny: true, AreNamed: false })
        {
            logger.LogInformation(
                "Forwarding headers are believed only from this machine. If the proxy is another one, name it with Site:Proxies");
        }

        next(app);
    };
}

/// <summary>Registers where the site is, and what must see a request first.</summary>
public static class VisitorServices
{
    public static IServiceCollection AddVisitors(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(SiteOptions.Read(configuration));
        var proxies = ProxyOptions.Read(configuration);
        services.AddSingleton(proxies);
        // After ASP.NET Core's switch, which would trust everybody
        services.PostConfigure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = proxies.IsAny
                ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto
                : ForwardedHeaders.None;
            // Through several proxies, each of which is named. Otherwise only the last one counts
            options.ForwardLimit = proxies.AreNamed ? null : 1;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var network in proxies.Networks)
                options.KnownIPNetworks.Add(network);
        });
        // The first filter is the outermost: ASP.NET Core's own, which applies the forwarding headers, is registered already
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, ArrivalNote>());
        return services;
    }
}
