using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Data;

/// <summary>
/// Pages of <c>sentinelcam.db</c> that hold nothing any longer. SQLite gives them back to the disk only if a file was made for
/// it: <c>auto_vacuum</c> before the first table, or one <c>VACUUM</c> later, which writes the whole file again.
/// </summary>
public static class FreePages
{
    /// <summary>The most bytes in use for which a start waits: some seconds. A larger file keeps its free pages.</summary>
    public const long MaxRewritten = 256 << 20;

    private const int Incremental = 2;

    /// <summary>The number of free pages; none where the database is not a file of ours.</summary>
    public static Task<int> CountFreePagesAsync(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Dialect.CountFreePagesAsync(db);
    }

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
        if (await ReadAsync(db, "SELECT auto_vacuum AS Value FROM pragma_auto_vacuum") == Incremental)
            return;
        var pages = await ReadAsync(db, "SELECT page_count AS Value FROM pragma_page_count") - await db.CountFreePagesAsync();
        var bytes = (long)pages * await ReadAsync(db, "SELECT page_size AS Value FROM pragma_page_size");
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

    internal static Task<int> ReadAsync(SentinelCamDbContext db, string sql)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Database.SqlQueryRaw<int>(sql).SingleAsync();
    }
}
