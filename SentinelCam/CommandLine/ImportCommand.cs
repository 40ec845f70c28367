using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Backups;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.CommandLine;

/// <summary><c>SentinelCam import-data DIRECTORY</c>: moves a site from SQLite to PostgreSQL.</summary>
internal static class ImportCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Action<WebApplicationBuilder, DataDirectory> addLayers)
    {
        var directory = new Argument<string>("DIRECTORY") { Description = "The data directory of a site that is stopped" };
        var settings = Commands.Settings();
        var import = new Command("import-data",
            "Copy a data directory into the empty PostgreSQL of ConnectionStrings:SentinelCam. Can be interrupted and repeated.")
        {
            directory, settings,
        };
        import.SetAction((parsed, cancellationToken) => BesideSite.TryAsync(() => RunAsync(
            parsed.GetRequiredValue(directory), parsed.GetValue(settings) ?? [], addLayers, cancellationToken)));
        return import;
    }

    private static async Task<int> RunAsync(
        string path, string[] settings, Action<WebApplicationBuilder, DataDirectory> addLayers,
        CancellationToken cancellationToken)
    {
        await using var site = BesideSite.Build(settings, addLayers);
        await using var scope = site.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        if (services.GetRequiredService<SentinelCamDbContext>() is not PostgresDbContext target)
            return BesideSite.Fail($"{PostgresOptions.Key} is not set: it must lead to an empty PostgreSQL.");
        using var directory = DataDirectory.OpenUnchanged(path);
        if (await target.FindNewerAsync() is { } problem)
            return BesideSite.Fail($"{target.Dialect.Describe(target, directory)} is not of this version. {problem}.");
        await target.Dialect.PrepareAsync(target, NullLogger.Instance);
        await new DataImport(
            directory, target, services.GetRequiredService<ISharedValues>(), services.GetRequiredService<Thumbnails>(),
            Console.WriteLine).RunAsync(cancellationToken);
        return 0;
    }
}
