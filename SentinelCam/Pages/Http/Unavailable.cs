using Microsoft.Data.Sqlite;
using SQLitePCL;

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
        catch (Exception error) when (!context.Response.HasStarted && ProblemOf(error) is not null)
        {
            app.Logger.LogError("{Method} {Path} was answered with 503: {Problem}",
                context.Request.Method, context.Request.Path.Value, ProblemOf(error));
            context.Response.Clear();
            context.Response.SayUnavailable();
        }
    });

    /// <returns>Why the disk or the database cannot be used; null for any other error.</returns>
    private static string? ProblemOf(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            // Hangfire's storage has another provider
            var code = (cause as SqliteException)?.SqliteErrorCode ?? (int?)(cause as SQLite.SQLiteException)?.Result;
            if (code is raw.SQLITE_READONLY or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_BUSY
                or raw.SQLITE_LOCKED or raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
                return cause.Message;
        }

        return null;
    }
}
