namespace SentinelCam.Pages;

/// <summary>
/// Answers a form that cannot be read with its status: 400 for a zero byte, a broken multipart or an unknown character set, 413 for
/// one too large. Left to the pages, each would be an error with a stack trace in the log, for anybody to write there.
/// </summary>
public static class UnreadableForms
{
    public static void UseReadableForms(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (await RefusalAsync(context.Request) is { } status)
        {
            // The error page must not stumble over it again
            context.Request.Form = FormCollection.Empty;
            context.Response.StatusCode = status;
            return;
        }

        await next(context);
    });

    /// <returns>Null where there is no form, or it can be read.</returns>
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
        catch (Exception error) when (error is IOException or InvalidDataException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return StatusCodes.Status400BadRequest;
        }
    }
}
