namespace SentinelCam.Pages;

/// <summary>
/// Refuses requests for which a proxy says that it serves the site below a path. All links begin at the root, so none would work.
/// </summary>
public static class SubPaths
{
    private const string Advice =
        "SentinelCam does not work below a path, such as https://example.org/cam/. "
        + "Let the proxy give it a host name or a port of its own.\n";

    /// <summary>What proxies call the path that they have removed.</summary>
    private static readonly string[] Headers = ["X-Forwarded-Prefix", "X-Script-Name", "X-Ingress-Path"];

    /// <summary>In plain text, because a page would have no style there.</summary>
    public static void UseNoSubPaths(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!Headers.Any(name => context.Request.Headers[name].ToString().Trim('/', ' ').Length > 0))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return context.Response.WriteAsync(Advice);
    });
}
