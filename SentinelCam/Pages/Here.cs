using Htmx;
using Microsoft.AspNetCore.WebUtilities;

namespace SentinelCam.Pages;

/// <summary>The page that somebody is on, to come back to; for a fragment the one that shows it.</summary>
public static class Here
{
    public static string Of(HttpRequest request) =>
        request.IsHtmx() && Uri.TryCreate(request.Headers["HX-Current-URL"], UriKind.Absolute, out var page)
            ? page.PathAndQuery
            : request.Path + request.QueryString;

    public static string PathOf(HttpRequest request) => Of(request).Split('?')[0];

    /// <summary>An address that leads back to the list that somebody is on, and to nowhere from a page of one entry alone.</summary>
    public static string ThenBack(HttpRequest request, string url) =>
        PathOf(request) is "/userdata" or "/dashboard" ? QueryHelpers.AddQueryString(url, "ReturnUrl", Of(request)) : url;
}
