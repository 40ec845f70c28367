using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Data;

/// <summary>
/// Pages of <c>sentinelcam.db</c> that hold nothing any longer. SQLite gives them back to the disk only if a file was made for
/// it: <c>auto_vacuum</c> before the first table, or one <c>VACUUM</c> later, which writes the whole file anew.
/// </summary>
public static class FreePages
{
    /// <summary>The most bytes in use for which a start waits: some seconds. A larger file keeps its free pages for itself.</summary>
    public const long MaxRewritten = 256 << 20;

    private const int Incremental = 2;

    /// <summary>The number of free pages.</summary>
    public static Task<int> CountFreePagesAsync(this SentinelCamDbContext db) => ReadAsync(db, "freelist_count");

    /// <summary>Gives some free pages back, in one transaction. The file becomes smaller at the next checkpoint.</summary>
    public static Task GivePagesBackAsync(this SentinelCamDbContext db, int pages)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Database.ExecuteSqlRawAsync(
            string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({pages})"));
    }

    /// <summary>Writes the log back to the file, as far as nobody reads or writes.</summary>
    public static Task CheckpointAsync(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(PASSIVE)");
    }

    /// <summary>Prepares a new file. The connection must be open, and stay open until there is a table.</summary>
    internal static Task PrepareNewAsync(SentinelCamDbContext db) =>
        db.Database.ExecuteSqlRawAsync("PRAGMA auto_vacuum = INCREMENTAL");

    /// <summary>Prepares a file of an earlier version, unless it holds too much. A crash meanwhile changes nothing.</summary>
    internal static async Task PrepareOldAsync(SentinelCamDbContext db, ILogger logger)
    {
        if (await ReadAsync(db, "auto_vacuum") == Incremental)
            return;
        var bytes = (await ReadAsync(db, "page_count") - await db.CountFreePagesAsync()) * (long)await ReadAsync(db, "page_size");
        if (bytes > MaxRewritten)
            return;
        try
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
            logger.LogInformation("Prepared the database for giving free space back, {Bytes} bytes", bytes);
        }
        catch (SqliteException error)
        {
            logger.LogWarning(
                "The database could not be prepared for giving free space back; the next start tries again: {Problem}",
                error.Message);
        }
    }

    private static Task<int> ReadAsync(SentinelCamDbContext db, string pragma)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Database.SqlQueryRaw<int>($"SELECT {pragma} AS Value FROM pragma_{pragma}").SingleAsync();
    }
}
