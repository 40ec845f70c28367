using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>Compares a database's migrations with those that this program knows.</summary>
public static class SchemaCheck
{
    /// <summary>Says why this program is too old for the database.</summary>
    /// <returns>Null if it is not.</returns>
    public static async Task<string?> FindNewerAsync(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        if (!await db.HasMigrationsAsync())
            return null;
        var unknown = (await db.Database.GetAppliedMigrationsAsync()).Except(db.Database.GetMigrations()).ToList();
        if (unknown.Count == 0)
            return null;
        // Raw SQL: the newer model may have changed everything else
        var versions = await db.Database.SqlQueryRaw<string>(
            """SELECT "Version" AS "Value" FROM "SchemaVersions" WHERE "Migration" = {0}""", unknown.Max()!).ToListAsync();
        return versions is [var version]
            ? $"It needs SentinelCam {version} or later. This is {ProductVersion.Text}"
            : $"It belongs to a newer SentinelCam than this one, {ProductVersion.Text}";
    }

    /// <summary>Whether any migration was applied. On a new PostgreSQL, asking for them would log an error.</summary>
    internal static Task<bool> HasMigrationsAsync(this SentinelCamDbContext db) =>
        db.GetService<IHistoryRepository>().ExistsAsync();

    /// <summary>Notes this version beside the migrations that it has just applied.</summary>
    internal static async Task AddVersionsAsync(SentinelCamDbContext db)
    {
        var noted = await db.SchemaVersions.Select(v => v.Migration).ToListAsync();
        db.SchemaVersions.AddRange((await db.Database.GetAppliedMigrationsAsync()).Except(noted)
            .Select(migration => new SchemaVersion { Migration = migration, Version = ProductVersion.Text }));
        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();
    }
}
