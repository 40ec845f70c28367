using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace SentinelCam.Tests.Support;

/// <summary>All that a data directory stores, to compare it with another one.</summary>
public static class StoredData
{
    /// <summary>Each row of each table as one line, in order, except that a backup was restored.</summary>
    public static IReadOnlyList<string> Rows(string dataDirectory)
    {
        using var connection = Open(dataDirectory);
        var tables = Read(connection,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'EntrySearch' AND name NOT LIKE 'ActivitySearch%' "
                + "ORDER BY name");
        return [.. tables.SelectMany(table => Read(connection, $"SELECT * FROM \"{table}\"").Select(row => $"{table}: {row}"))
            .Where(row => !row.Contains("|BackupRestored|", StringComparison.Ordinal)
                && !row.StartsWith("sqlite_sequence: AccountActivity|", StringComparison.Ordinal))];
    }

    /// <summary>The rows of one query, each as one line.</summary>
    public static IReadOnlyList<string> Query(string dataDirectory, string sql)
    {
        using var connection = Open(dataDirectory);
        return Read(connection, sql);
    }

    /// <summary>The names and hashes of the files in a folder of the data directory.</summary>
    public static IReadOnlyList<string> Files(string dataDirectory, string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(dataDirectory, folder), "*", SearchOption.AllDirectories)
            .Select(path => $"{Path.GetRelativePath(dataDirectory, path)} {HashOf(path)}").Order(StringComparer.Ordinal)];

    /// <summary>The rows of pictures whose file is missing or has other content.</summary>
    public static IReadOnlyList<string> RowsWithoutPicture(string dataDirectory) =>
        [.. Query(dataDirectory, "SELECT FileName, Sha256 FROM Snapshots").Where(row =>
        {
            var path = Path.Combine(dataDirectory, "snapshots", row.Split('|')[0]);
            return !File.Exists(path) || HashOf(path) != row.Split('|')[1];
        })];

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static SqliteConnection Open(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, "sentinelcam.db");
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static List<string> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            var values = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i));
            rows.Add(string.Join('|', values.Select(value => value is byte[] bytes ? Convert.ToHexString(bytes) : $"{value}")));
        }

        return rows;
    }
}
