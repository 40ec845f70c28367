namespace SentinelCam.Pages;

/// <summary>
/// Answers 405 to every method but GET, HEAD and POST, which are all that the site needs, and PUT where devices report. A page
/// would otherwise be shown for any method, without the handler that loads what it shows.
/// </summary>
public static class AllowedMethods
{
    /// <summary>The methods of an endpoint that only answers. <c>MapGet</c> alone would answer HEAD with 405.</summary>
    public static readonly string[] ToRead = [HttpMethods.Get, HttpMethods.Head];

    public static void UseAllowedMethods(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var request = context.Request;
        if (HttpMethods.IsPut(request.Method) && request.Path.StartsWithSegments(DeviceEndpoints.Entries))
            return next(context);
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsPost(request.Method))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD, POST";
        // The error page, which is shown next, has no handler for the method either
        request.Method = HttpMethods.Get;
        return Task.CompletedTask;
    });
}
