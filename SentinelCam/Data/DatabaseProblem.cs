using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace SentinelCam.Data;

/// <summary>Tells a database that cannot be reached or written from a mistake of the program.</summary>
public static class DatabaseProblem
{
    /// <summary>
    /// PostgreSQL's classes of errors: connection, read-only or idle transaction, lack of resources, a lock that takes too long,
    /// operator, disk. See its manual, appendix A. A statement that was cancelled (57014), such as a search that took too long,
    /// is none of them.
    /// </summary>
    private static readonly string[] States = ["08", "25006", "25P03", "53", "55P03", "57P", "58"];

    /// <returns>Why the disk or the database cannot be used; null for any other error.</returns>
    public static string? Of(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
            if (IsOutage(cause))
                return cause.Message.ReplaceLineEndings(" ");
        return null;
    }

    private static bool IsOutage(Exception cause) => cause switch
    {
        SqliteException sqlite => IsOutage(sqlite.SqliteErrorCode),
        // Hangfire's storage has another provider
        SQLite.SQLiteException jobs => IsOutage((int)jobs.Result),
        PostgresException postgres =>
            Array.Exists(States, state => postgres.SqlState.StartsWith(state, StringComparison.Ordinal)),
        // The server is gone, or all connections are in use
        NpgsqlException => true,
        _ => false,
    };

    private static bool IsOutage(int sqliteCode) => sqliteCode is raw.SQLITE_READONLY or raw.SQLITE_IOERR or raw.SQLITE_FULL
        or raw.SQLITE_CANTOPEN or raw.SQLITE_BUSY or raw.SQLITE_LOCKED
        or raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT;
}
