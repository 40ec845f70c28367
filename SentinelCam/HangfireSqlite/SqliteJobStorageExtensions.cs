using Hangfire;

namespace SentinelCam.HangfireSqlite;

/// <summary>Sets up the storage where Hangfire is configured.</summary>
public static class SqliteJobStorageExtensions
{
    /// <summary>Keeps the jobs in a SQLite file.</summary>
    /// <param name="configuration">Hangfire's configuration.</param>
    /// <param name="connectionString">A connection string of Microsoft.Data.Sqlite, such as Data Source=jobs.db.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The connection string is malformed or names no file.</exception>
    public static IGlobalConfiguration<SqliteJobStorage> UseSqliteJobStorage(
        this IGlobalConfiguration configuration, string connectionString, SqliteJobStorageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.UseStorage(new SqliteJobStorage(connectionString, options));
    }
}
