using System.Globalization;
using System.Text;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Watch;

namespace SentinelCam.Pages;

/// <summary>
/// <c>/healthz</c>: answers 200 while attempts can be recorded and jobs run, otherwise 503, in plain text. Only administrators
/// see the details. A broken camera does not make the service unhealthy, because attempts are still recorded and mailed.
/// </summary>
public static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/healthz", AllowedMethods.ToRead, AnswerAsync).AllowAnonymous();

    private static async Task<IResult> AnswerAsync(HttpContext context, HealthProbe probe, CameraFeed camera, IMailTransport mail)
    {
        var parts = await probe.RunAsync();
        var healthy = parts.Values.All(problem => problem is null);
        var text = new StringBuilder(healthy ? "healthy\n" : "unhealthy\n");
        if (context.User.IsInRole(Roles.Administrator))
        {
            text.Append("version: ").Append(ProductVersion.Text).Append('\n');
            foreach (var (part, problem) in parts)
                text.Append(part).Append(": ").Append(problem ?? "ok").Append('\n');
            var status = camera.Status;
            text.Append("camera: ").Append(status.State).Append(", ").Append(CameraWords.Of(status));
            if (status.FrameAge is { } age)
                text.Append(CultureInfo.InvariantCulture,
                    $", {status.Width}x{status.Height}, last frame {CameraWords.Age(age)} ago");
            if (status.Problem is not null)
                text.Append(". ").Append(status.Problem).Append(' ').Append(status.Remedy);
            text.Append('\n')
                .Append("mail: ").Append(mail.Description).Append('\n');
        }

        context.Response.Headers.CacheControl = "no-store";
        return Results.Text(text.ToString(), "text/plain", Encoding.UTF8,
            healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
