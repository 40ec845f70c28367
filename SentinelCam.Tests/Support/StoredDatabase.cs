using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>The database of an app that runs as its own process, or that has ended.</summary>
public static class StoredDatabase
{
    /// <summary>Opens it without a pool, so that nothing stays open behind a test.</summary>
    /// <param name="dataDirectory">The app's data directory.</param>
    public static SentinelCamDbContext Open(string dataDirectory)
    {
        if (PostgresServer.Of(dataDirectory) is [var (_, server)])
        {
            var settings = new NpgsqlConnectionStringBuilder(server) { Pooling = false };
            return new PostgresDbContext(
                new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(settings.ToString()).Options);
        }

        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(dataDirectory, "sentinelcam.db"),
            Pooling = false,
            Mode = SqliteOpenMode.ReadWrite,
        };
        return new(new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite(connection.ToString()).Options);
    }
}
