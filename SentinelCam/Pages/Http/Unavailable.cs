using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The answer while the database cannot be read or written. It is the same for every visitor and every form.</summary>
public static class Unavailable
{
    public const string Advice = "Nobody can sign in right now: SentinelCam cannot write to its database. Try again in a minute. "
        + "If you run this device, free some space on its disk, and check that it can be written.";

    /// <summary>Sets the status 503, and when to try again.</summary>
    public static void SayUnavailable(this HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "60";
    }

    /// <summary>
    /// Answers 503 with the same words wherever the database cannot be read or written. Logs one line, not a trace.
    /// </summary>
    public static void UseUnavailable(this WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception error) when (!context.Response.HasStarted && DatabaseProblem.Of(error) is not null)
        {
            app.Logger.LogError("{Method} {Path} was answered with 503: {Problem}",
                context.Request.Method, context.Request.Path.Value, DatabaseProblem.Of(error));
            context.Response.Clear();
            context.Response.SayUnavailable();
        }
    });
}
