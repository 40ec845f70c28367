using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Snapshots;

namespace SentinelCam.CommandLine;

/// <summary>
/// <c>SentinelCam check</c>: whether configuration, database, pictures, camera and mail server are in order. Changes nothing, and
/// works while the site runs.
/// </summary>
internal static class CheckCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Action<WebApplicationBuilder, DataDirectory> addLayers)
    {
        var settings = Commands.Settings();
        var check = new Command("check",
            "Check configuration, database, pictures, camera and mail server. Changes nothing and sends no mail.")
        {
            settings,
        };
        check.SetAction((parsed, cancellationToken) =>
            BesideSite.TryAsync(() => RunAsync(parsed.GetValue(settings) ?? [], addLayers, cancellationToken)));
        return check;
    }

    private static async Task<int> RunAsync(
        string[] settings, Action<WebApplicationBuilder, DataDirectory> addLayers, CancellationToken cancellationToken)
    {
        WebApplication site;
        try
        {
            site = BesideSite.Build(settings, addLayers);
        }
        catch (ConfigurationException error)
        {
            Print("Configuration", new(false, error.Message));
            return 1;
        }

        await using (site)
        {
            var services = site.Services;
            Print("Configuration", new(true, $"valid; the data is in {services.GetRequiredService<DataDirectory>().Root}"));
            var database = await CheckDatabaseAsync(services);
            Print("Database", database);
            var pictures = database.IsGood
                ? await CheckPicturesAsync(services, cancellationToken)
                : new(false, "not checked, because the database is not in order");
            Print("Pictures", pictures);
            var camera = await CheckCameraAsync(services, hasChoices: database.IsGood, cancellationToken);
            Print("Camera", camera);
            var mail = await CheckMailAsync(site, cancellationToken);
            Print("Mail", mail);
            return database.IsGood && pictures.IsGood && camera.IsGood && mail.IsGood ? 0 : 1;
        }
    }

    private static async Task<Finding> CheckDatabaseAsync(IServiceProvider services)
    {
        try
        {
            await using var scope = services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            if (await BesideSite.FindSchemaProblemAsync(db, services.GetRequiredService<DataDirectory>()) is { } problem)
                return new(false, problem);
            return await db.Dialect.FindDamageAsync(db) is { } damage
                ? new(false, $"damaged: {damage}. Restore it from a backup.")
                : new(true, Invariant($"intact; {await db.LoginAttempts.SumAsync(a => (long)a.Count)} attempts"));
        }
        catch (Exception error) when (error is DbException || DatabaseProblem.Of(error) is not null)
        {
            return new(false, $"cannot be read: {error.Message}");
        }
    }

    private static async Task<Finding> CheckPicturesAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var result = await services.GetRequiredService<IPictureStore>().CheckAsync(db, cancellationToken);
        return result.Bad is [var first, ..]
            ? new(false, Invariant(
                $"{result.Bad.Count} of {result.Count} are missing or damaged, such as {first}. Restore them from a backup."))
            : new(true, Invariant($"{result.Count}, all there and unchanged"));
    }

    private static async Task<Finding> CheckCameraAsync(
        IServiceProvider services, bool hasChoices, CancellationToken cancellationToken)
    {
        var feed = services.GetRequiredService<CameraFeed>();
        // Switches to the camera that was chosen on the site
        if (hasChoices)
            await services.GetRequiredService<CameraSelection>().StartAsync(cancellationToken);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var result = await feed.CaptureAsync(now, cancellationToken);
        var from = $"from {feed.Status.Source}";
        return result.Frame is { } frame
            ? new(true, Invariant($"a picture of {frame.Width}x{frame.Height} {from}")
                + (result.Problem is null ? "" : $", but: {result.Problem}"))
            : new(false, $"no picture {from}. {result.Problem}");
    }

    private static async Task<Finding> CheckMailAsync(WebApplication site, CancellationToken cancellationToken)
    {
        try
        {
            site.CheckMail();
        }
        catch (ConfigurationException error)
        {
            return new(false, error.Message);
        }

        if (site.Services.GetRequiredService<IMailTransport>() is not SmtpTransport smtp)
            return new(true, "goes to the outbox, because Smtp:Host is not set");
        var outcome = await smtp.CheckAsync(cancellationToken);
        return new(outcome.Result is MailResult.Accepted, $"{smtp.Description}: {outcome.Reply} {outcome.Remedy}".TrimEnd());
    }

    private static void Print(string what, Finding finding) =>
        Console.WriteLine($"{what + ":",-15}{(finding.IsGood ? "" : "NOT GOOD: ")}{finding.Text.ReplaceLineEndings(" ")}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>What was found of one part.</summary>
    /// <param name="IsGood">Whether it works.</param>
    /// <param name="Text">What is there, or the problem and what to do.</param>
    private sealed record Finding(bool IsGood, string Text);
}
