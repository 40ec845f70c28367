namespace SentinelCam.Pages;

/// <summary>
/// Answers a form that cannot be read: 400 for a zero byte, broken multipart data or an unknown character set, and 413 for a form
/// that is too large. Otherwise any visitor could fill the log with stack traces.
/// </summary>
public static class UnreadableForms
{
    public static void UseReadableForms(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var hangUps = context.Features.Get<HangUps>();
        if (await RefusalAsync(context.Request) is { } status)
        {
            hangUps?.FormIsUnreadable();
            // Otherwise the error page would fail on the same form
            context.Request.Form = FormCollection.Empty;
            context.Response.StatusCode = status;
            return;
        }

        hangUps?.FormIsRead();
        await next(context);
        hangUps?.RequestEnds();
    });

    /// <returns>The status to answer with; null if there is no form or it can be read.</returns>
    private static async Task<int?> RefusalAsync(HttpRequest request)
    {
        if (!request.HasFormContentType)
            return null;
        try
        {
            await request.ReadFormAsync();
            return null;
        }
        catch (BadHttpRequestException error)
        {
            return error.StatusCode;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or InvalidOperationException
            or NotSupportedException or ArgumentException)
        {
            return StatusCodes.Status400BadRequest;
        }
    }
}
