using Htmx;

namespace SentinelCam.Pages;

/// <summary>The page that somebody is on, to come back to; for a fragment the one that shows it.</summary>
public static class Here
{
    public static string Of(HttpRequest request) =>
        request.IsHtmx() && Uri.TryCreate(request.Headers["HX-Current-URL"], UriKind.Absolute, out var page)
            ? page.PathAndQuery
            : request.Path + request.QueryString;
}
