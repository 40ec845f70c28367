namespace SentinelCam.Pages;

/// <summary>Headers that restrict what a browser does with a page.</summary>
public static class SecurityHeaders
{
    /// <summary>Allows nothing inline and nothing from other sites. The build removes the data: images from Pico CSS.</summary>
    private const string Pages =
        "default-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    /// <summary>Hangfire's dashboard has inline styles, and data: images in its style sheet.</summary>
    private const string Jobs = Pages + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

    /// <summary>Pages that links in mails lead to. Their addresses contain a secret.</summary>
    private static readonly PathString[] WithSecret =
        ["/reset_password", "/confirm_recipient", "/confirm_address", "/undo_address", "/invitation"];

    /// <remarks>They are set when the response starts, because an error page clears the headers set earlier.</remarks>
    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var policy = context.Request.Path.StartsWithSegments("/hangfire", StringComparison.OrdinalIgnoreCase) ? Jobs : Pages;
        var path = context.Request.Path;
        var hasSecret = WithSecret.Any(page => path.StartsWithSegments(page, StringComparison.OrdinalIgnoreCase));
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = policy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            if (headers["Referrer-Policy"].Count == 0)
                headers["Referrer-Policy"] = hasSecret ? "no-referrer" : "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            // Keeps pages out of shared caches and the back button's; files and pictures set their own header
            if (headers.CacheControl.Count == 0)
                headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(context);
    });
}
