using Microsoft.Data.Sqlite;

namespace SentinelCam.Backups;

/// <summary>A database file outside the site's own connections. Its schema can be of any version.</summary>
internal static class SqliteFile
{
    public static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var settings = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = 30,
        };
        var connection = new SqliteConnection(settings.ToString());
        connection.Open();
        return connection;
    }

    public static void Execute(this SqliteConnection connection, string sql, string? parameter = null)
    {
        using var command = Command(connection, sql, parameter);
        command.ExecuteNonQuery();
    }

    /// <summary>The first column of all rows.</summary>
    public static List<string> Read(this SqliteConnection connection, string sql, string? parameter = null)
    {
        using var command = Command(connection, sql, parameter);
        using var reader = command.ExecuteReader();
        var values = new List<string>();
        while (reader.Read())
            values.Add(reader.GetString(0));
        return values;
    }

    /// <summary>The migrations that were applied, in order.</summary>
    /// <exception cref="SqliteException">It is not SentinelCam's database.</exception>
    public static List<string> ReadMigrations(this SqliteConnection connection) =>
        connection.Read("SELECT MigrationId FROM __EFMigrationsHistory ORDER BY MigrationId");

    /// <summary>What is wrong with the file; null if nothing.</summary>
    public static string? FindDamage(this SqliteConnection connection) =>
        connection.Read("PRAGMA quick_check(1)")[0] is not "ok" and var damage ? damage : null;

    /// <summary>
    /// Copies all pages in one read transaction, into one file without a write-ahead log. The site goes on writing to its own.
    /// </summary>
    /// <param name="live">The database.</param>
    /// <param name="path">An empty file. It is not flushed.</param>
    /// <returns>What is wrong with the copy; null if nothing.</returns>
    public static string? CopyTo(this SqliteConnection live, string path)
    {
        using var copy = Open(path, SqliteOpenMode.ReadWrite);
        copy.Execute("PRAGMA synchronous = OFF");
        live.BackupDatabase(copy);
        copy.Execute("PRAGMA journal_mode = DELETE");
        return copy.FindDamage();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, string? parameter)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        if (parameter is not null)
            command.Parameters.AddWithValue("$p", parameter);
        return command;
    }
}
