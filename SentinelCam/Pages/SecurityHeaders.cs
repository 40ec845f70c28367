namespace SentinelCam.Pages;

/// <summary>Headers that keep a browser from doing more with a page than the page means.</summary>
public static class SecurityHeaders
{
    /// <summary>No inline script or style. Pico CSS draws its arrows and check marks from data: images.</summary>
    private const string Pages =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    /// <summary>Hangfire's dashboard writes styles into its pages.</summary>
    private const string Jobs = Pages + "; style-src 'self' 'unsafe-inline'";

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
