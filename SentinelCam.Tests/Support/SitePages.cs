using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace SentinelCam.Tests.Support;

/// <summary>The pages of an app, as it routes to them.</summary>
public static class SitePages
{
    /// <summary>Every page, with 1 for each id, and where its forms post to. Without the page that explains errors.</summary>
    public static async Task<IReadOnlyList<(string Path, IReadOnlyList<string> Forms)>> OfAsync(SentinelCamApp app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var loader = app.Services.GetRequiredService<PageLoader>();
        List<(string Path, IReadOnlyList<string> Forms)> pages = [];
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not { } described)
                continue;
            var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments
                .Select(segment => segment.Parts[0] is RoutePatternLiteralPart text ? text.Content : "1"));
            if (path.StartsWith("/error", StringComparison.OrdinalIgnoreCase))
                continue;
            var page = await loader.LoadAsync(described, endpoint.Metadata);
            pages.Add((path, [.. page.HandlerMethods.Where(handler => handler.HttpMethod == "Post")
                .Select(handler => handler.Name is { } name ? $"{path}?handler={name}" : path)]));
        }

        Assert.Contains(pages, page => page.Path == "/alerts/1");
        Assert.Contains(pages, page => page.Forms.Contains("/settings/data?handler=Delete"));
        return pages;
    }
}
