using Htmx;
using Microsoft.AspNetCore.WebUtilities;

namespace SentinelCam.Pages;

/// <summary>The page that the visitor is on, to return to later; for a fragment, the page that shows it.</summary>
public static class CurrentPage
{
    /// <summary>Path and query.</summary>
    public static string Of(HttpRequest request) =>
        request.IsHtmx() && Uri.TryCreate(request.Headers["HX-Current-URL"], UriKind.Absolute, out var page)
            ? page.PathAndQuery
            : request.Path + request.QueryString;

    public static string PathOf(HttpRequest request) => Of(request).Split('?')[0];

    /// <summary>Adds the list that the visitor is on to an address as its <c>ReturnUrl</c>; other pages are not.</summary>
    public static string AddReturnUrl(HttpRequest request, string url) =>
        PathOf(request) is "/userdata" or "/dashboard" ? QueryHelpers.AddQueryString(url, "ReturnUrl", Of(request)) : url;
}
