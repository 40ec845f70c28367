namespace SentinelCam.Pages;

/// <summary>Headers that keep a browser from doing more with a page than the page means.</summary>
public static class SecurityHeaders
{
    /// <summary>Nothing inline, and nothing from elsewhere. The build takes the data: images out of Pico CSS.</summary>
    private const string Pages = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    /// <summary>Hangfire's dashboard writes styles into its pages, and its style sheet holds data: images.</summary>
    private const string Jobs = Pages + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

    /// <remarks>Set when the response starts, since an error page begins with a response that was cleared.</remarks>
    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var policy = context.Request.Path.StartsWithSegments("/hangfire", StringComparison.OrdinalIgnoreCase) ? Jobs : Pages;
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = policy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            // Signed-in pages stay out of shared and back-button caches; files and pictures set their own header
            if (headers.CacheControl.Count == 0)
                headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(context);
    });
}
