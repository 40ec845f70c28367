using System.Text;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Capture;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>
/// <c>/healthz</c>: 200 while attempts can be recorded and jobs run, else 503, in plain text. What is wrong is for the administrator only.
/// A broken camera does not make the service unhealthy: attempts and mails go on.
/// </summary>
public static class HealthEndpoint
{
    /// <summary>Less free space than this and pictures will soon be lost.</summary>
    private const long MinFreeBytes = 64L << 20;

    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/healthz", AnswerAsync).AllowAnonymous();

    private static async Task<IResult> AnswerAsync(
        HttpContext context, SentinelCamDbContext db, JobStorage jobs, CameraFeed camera, IMailTransport mail, DataDirectory data, ILogger<SentinelCamDbContext> logger)
    {
        var database = await ProbeAsync("database", async () =>
        {
            // Takes the write lock, as recording an attempt does, and gives it back
            await using var transaction = await db.Database.BeginTransactionAsync();
            return await db.Users.AnyAsync();
        }, logger);
        var storage = await ProbeAsync("jobs", () => Task.FromResult(jobs.GetMonitoringApi().Servers()), logger);
        var free = 0L;
        var disk = await ProbeAsync("disk", () => Task.FromResult(free = new DriveInfo(data.Root).AvailableFreeSpace), logger);
        var healthy = database is null && storage is null && disk is null && free >= MinFreeBytes;

        var text = new StringBuilder(healthy ? "healthy\n" : "unhealthy\n");
        if (context.User.IsInRole(Roles.Administrator))
        {
            var status = camera.Status;
            text.Append("database: ").AppendLine(database ?? "ok")
                .Append("jobs: ").AppendLine(storage ?? "ok")
                .Append("free space: ").AppendLine(disk ?? $"{free >> 20} MiB")
                .Append("camera: ").Append(status.State).Append(' ').AppendLine(status.Problem)
                .Append("mail: ").AppendLine(mail.Description);
        }

        context.Response.Headers.CacheControl = "no-store";
        return Results.Text(text.ToString(), "text/plain", Encoding.UTF8, healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <returns>Null when it works, else what is wrong in one line.</returns>
    private static async Task<string?> ProbeAsync<T>(string part, Func<Task<T>> probe, ILogger logger)
    {
        try
        {
            await probe();
            return null;
        }
        catch (Exception error)
        {
            logger.LogError(error, "Health: {Part} does not work", part);
            return error.Message.ReplaceLineEndings(" ");
        }
    }
}
