using Hangfire.Storage;
using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>Columns that may be null, or go together.</summary>
internal static class Rows
{
    public static string? Text(this SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    public static long? Number(this SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt64(column);

    /// <summary>type, method, parameter_types, arguments and queue, from the given column on.</summary>
    public static InvocationData InvocationData(this SqliteDataReader row, int column) => new(
        row.Text(column), row.Text(column + 1), row.Text(column + 2), row.Text(column + 3), row.Text(column + 4));
}
