using System.Security.Cryptography;
using System.Text;
using SentinelCam.Metrics;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// <c>/metrics</c> for Prometheus: for requests from this machine that no proxy passed on, and for those with the token of
/// <c>Metrics:Token</c>. Nobody else learns that it exists.
/// </summary>
public static class MetricsEndpoint
{
    private const string Scheme = "Bearer ";

    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/metrics", AllowedMethods.ToRead, Answer).AllowAnonymous();

    private static IResult Answer(HttpContext context, MetricsOptions options, MetricsCollector collector)
    {
        if (!Visitor.Of(context).IsThisMachine && !HasToken(context.Request, options))
            return Results.NotFound();
        context.Response.Headers.CacheControl = "no-store";
        return Results.Text(PrometheusText.Write(collector.Collect()), PrometheusText.ContentType);
    }

    /// <summary>Compares hashes, so that the time says nothing about the token, nor about its length.</summary>
    private static bool HasToken(HttpRequest request, MetricsOptions options)
    {
        var header = request.Headers.Authorization.ToString();
        return options.Token is { } token && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(header[Scheme.Length..].Trim()), Hash(token));
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
