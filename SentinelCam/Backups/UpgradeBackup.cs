using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Backups;

/// <summary>
/// A copy of the database from before a migration. Migrations change nothing else, so with it an older version can go on where
/// it was.
/// </summary>
public static class UpgradeBackup
{
    private const string Prefix = "sentinelcam-before-";

    private const int Kept = 3;

    /// <summary>Copies the database if migrations are about to change it.</summary>
    /// <remarks>
    /// A copy is named after the schema it has, so starts that are cut off and repeated do not push out the first one.
    /// </remarks>
    /// <exception cref="ConfigurationException">There is no space for the copy, or the database cannot be read.</exception>
    public static async Task BackUpBeforeMigrationAsync(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var data = scope.ServiceProvider.GetRequiredService<DataDirectory>();
        // Who runs a database server backs it up before an upgrade
        if (db.Dialect.FileIn(data) is not { } file)
            return;
        try
        {
            var applied = (await db.Database.GetAppliedMigrationsAsync()).ToList();
            if (applied.Count == 0 || await db.FindNewerAsync() is not null
                || !(await db.Database.GetPendingMigrationsAsync()).Any())
                return;
            var copy = Copy(file, data, applied[^1].Split('_')[0]);
            app.Logger.LogInformation("Copied the database to {Copy} before bringing it up to date", copy);
        }
        catch (Exception error) when (error is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw db.Unusable(data, error);
        }
    }

    private static string Copy(string database, DataDirectory data, string schema)
    {
        var needed = new FileInfo(database).Length + DataDirectory.Reserve;
        if (new DriveInfo(data.Root).AvailableFreeSpace < needed)
        {
            throw new ConfigurationException("DataDirectory", data.Root,
                $"a directory with {needed >> 20} MiB of free space, for a copy of the database before the upgrade.");
        }

        var path = Path.Combine(data.Root, $"{Prefix}{schema}.db");
        var unfinished = Path.Combine(data.Root, Prefix + DurableFile.UnfinishedExtension);
        File.Delete(unfinished);
        DurableFile.CreatePrivate(unfinished).Dispose();
        using (var live = SqliteFile.Open(database, SqliteOpenMode.ReadOnly))
            if (live.CopyTo(unfinished) is { } damage)
                throw new IOException($"It is damaged: {damage}");
        using (var file = new FileStream(unfinished, FileMode.Open, FileAccess.ReadWrite))
            file.Flush(flushToDisk: true);
        File.Move(unfinished, path, overwrite: true);
        DurableFile.FlushDirectory(data.Root);
        foreach (var old in Directory.EnumerateFiles(data.Root, Prefix + "*.db").Where(file => file != path)
            .OrderByDescending(File.GetLastWriteTimeUtc).Skip(Kept - 1).ToList())
            File.Delete(old);
        return path;
    }
}
