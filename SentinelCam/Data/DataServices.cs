using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>Registers EF Core on SQLite, with every commit durable.</summary>
public static class DataServices
{
    public static IServiceCollection AddData(this IServiceCollection services, DataDirectory data)
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = data.Database, DefaultTimeout = 30 }.ToString();
        services.AddSingleton<CommitSignal>();
        services.AddHttpContextAccessor();
        services.AddScoped<ActivityLog>();
        return services.AddDbContextPool<SentinelCamDbContext>((provider, options) => options
            .UseSqlite(connectionString)
            .AddInterceptors(new DurableConnection(), provider.GetRequiredService<CommitSignal>()));
    }

    /// <summary>Brings the schema up to date and switches the file to write-ahead logging.</summary>
    /// <exception cref="ConfigurationException">This version cannot use the file.</exception>
    public static async Task MigrateDataAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var path = scope.ServiceProvider.GetRequiredService<DataDirectory>().Database;
        try
        {
            if (await db.FindNewerAsync() is { } problem)
            {
                throw new ConfigurationException("DataDirectory", path,
                    $"a sentinelcam.db of this version or an older one. {problem}.");
            }

            await db.Database.OpenConnectionAsync();
            await FreePages.PrepareNewAsync(db);
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;");
            // No other process uses the data directory: a lock was left by one that ended during a migration. EF Core would wait
            // for it forever
            await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock;");
            // MigrateAsync compares the whole model with that of the last migration first, which costs time at each start
            if ((await db.Database.GetPendingMigrationsAsync()).Any())
                await db.Database.MigrateAsync();
            await SchemaCheck.AddVersionsAsync(db);
            await DerivedTables.PrepareAsync(db);
            await FreePages.PrepareOldAsync(db, app.Logger);
        }
        catch (SqliteException error)
        {
            throw Unusable(path, error);
        }
    }

    /// <summary>The line for a database that cannot be read or written.</summary>
    internal static ConfigurationException Unusable(string path, Exception error) => new("DataDirectory", path,
        "a sentinelcam.db that can be read and written, or none; "
        + $"restore it from a backup or move it away ({error.Message.ReplaceLineEndings(" ")}).");

    private sealed class DurableConnection : DbConnectionInterceptor
    {
        // With FULL, an attempt that was answered survives a power cut. The busy timeout makes SQLite retry within
        // milliseconds; the provider's own retry sleeps 150 ms at a time. A cache of 8 MiB holds what a page of a long
        // image log reads; SQLite's default of 2 MiB does not. The log keeps no more than 16 MiB of its largest size.
        private const string Pragmas = "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -8192; "
            + "PRAGMA journal_size_limit = 16777216;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Pragmas;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Pragmas;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
