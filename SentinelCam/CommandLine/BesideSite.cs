using System.Data.Common;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Backups;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.CommandLine;

/// <summary>The site's parts for a command that works while the site runs, or does not.</summary>
internal static class BesideSite
{
    /// <summary>Builds the site from its configuration, without starting it and without touching its data.</summary>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    /// <param name="addLayers">Adds the site's services.</param>
    /// <exception cref="ConfigurationException">A value of the configuration is invalid.</exception>
    public static WebApplication Build(string[] settings, Action<WebApplicationBuilder, DataDirectory> addLayers)
    {
        var builder = ReadSettings(settings);
        addLayers(builder, DataDirectory.Beside(builder.Configuration, builder.Environment));
        // The site could not read a key that another user made
        builder.Services.AddDataProtection().DisableAutomaticKeyGeneration();
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    /// <summary>Reads the configuration.</summary>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    /// <exception cref="ConfigurationException">A settings file is damaged or not readable.</exception>
    // Watching the settings files would watch every folder below the working directory
    public static WebApplicationBuilder ReadSettings(string[] settings) =>
        SettingsFiles.CreateBuilder([.. settings, "--hostBuilder:reloadConfigOnChange=false"]);

    /// <summary>The option for the data directory as a setting.</summary>
    public static string[] SettingsOf(string? dataDirectory) =>
        dataDirectory is null ? [] : [$"--DataDirectory={dataDirectory}"];

    /// <summary>Opens the site's database to read it, without the site's parts.</summary>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    /// <exception cref="ConfigurationException">The configuration or its connection string is invalid.</exception>
    public static (SentinelCamDbContext Db, DataDirectory Data) OpenDatabase(string[] settings)
    {
        var builder = ReadSettings(settings);
        var data = DataDirectory.Beside(builder.Configuration, builder.Environment);
        return (DataServices.OpenToRead(builder.Configuration, data), data);
    }

    /// <summary>Compares the database with what this program knows.</summary>
    /// <returns>Null if they belong together, otherwise the problem in words.</returns>
    /// <exception cref="DbException">The database cannot be read.</exception>
    public static async Task<string?> FindSchemaProblemAsync(SentinelCamDbContext db, DataDirectory data)
    {
        if (db.Dialect.FileIn(data) is { } file && new FileInfo(file) is not { Exists: true, Length: > 0 })
            return $"There is no {file}. Start the site once, or name the data directory with --DataDirectory.";
        if (await db.FindNewerAsync() is { } problem)
            return $"{db.Dialect.Describe(db, data)} is not of this version. {problem}.";
        if ((await db.Database.GetPendingMigrationsAsync()).Any())
        {
            return $"{db.Dialect.Describe(db, data)} belongs to an older SentinelCam. Start the site once with this version, "
                + $"{ProductVersion.Text}, to bring it up to date.";
        }

        return await db.Dialect.HasUnfinishedImportAsync(db)
            ? $"{db.Dialect.Describe(db, data)} has half of a site. Run SentinelCam import-data again; it goes on."
            : null;
    }

    /// <summary>Runs the action; an expected failure becomes one line on standard error.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> TryAsync(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception error)
            when (error is BackupException or ConfigurationException or DbException or DbUpdateException or IOException
                or UnauthorizedAccessException or OperationCanceledException)
        {
            return Fail((error.InnerException ?? error).Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Prints what went wrong.</summary>
    /// <returns>The exit code for a failure.</returns>
    public static int Fail(string text)
    {
        Console.Error.WriteLine(text);
        return 1;
    }
}
