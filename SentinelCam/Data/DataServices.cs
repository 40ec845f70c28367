using System.Data.Common;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>Registers EF Core on SQLite or PostgreSQL, with every commit durable.</summary>
public static class DataServices
{
    /// <summary>The shared value that <see cref="DataDirectory.InstanceName"/> becomes.</summary>
    internal const string InstanceName = "InstanceName";

    public static IServiceCollection AddData(
        this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        services.AddSingleton<CommitSignal>();
        services.AddHttpContextAccessor();
        services.AddScoped<ActivityLog>();
        var keys = services.AddDataProtection().SetApplicationName("SentinelCam");
        if (PostgresOptions.Read(configuration) is { } server)
        {
            if (!string.IsNullOrWhiteSpace(configuration["Backup:Folder"]))
                PostgresOptions.RefuseOwnBackup(configuration);
            services.AddSingleton(provider => new LiveNodes(provider.GetRequiredService<NodeName>(), mayBeSeveral: true));
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<NodeSession>(provider, server));
            keys.PersistKeysToDbContext<PostgresDbContext>();
            services.AddSingleton<ISharedValues, ValuesInRows>();
            services.AddListener(server);
            services.AddSingleton<NodeTurn>(_ => new PostgresTurn(server));
            services.AddSingleton<PrimaryFirst>();
            return services.AddDbContextPool<SentinelCamDbContext, PostgresDbContext>((provider, options) => options
                .UseNpgsql(PostgresOptions.WithOrigin(server, provider.GetRequiredService<CommitSignal>()), Once)
                .AddInterceptors(new PrimaryFirst.Interceptor(provider.GetRequiredService<PrimaryFirst>(),
                    PostgresOptions.WithOrigin(server, provider.GetRequiredService<CommitSignal>())))
                // While the server is gone, every query would log a stack trace. Who asked reports the problem
                .ConfigureWarnings(warnings => warnings.Log(
                    (CoreEventId.QueryIterationFailed, LogLevel.Debug), (RelationalEventId.ConnectionError, LogLevel.Debug),
                    (RelationalEventId.CommandError, LogLevel.Debug)))
                .AddInterceptors(new OneWriter(), provider.GetRequiredService<CommitSignal>()));
        }

        keys.PersistKeysToFileSystem(new DirectoryInfo(data.Keys));
        services.AddSingleton<ISharedValues, ValuesInMemory>();
        services.AddSingleton(NodeTurn.Only);
        services.AddSingleton(provider => new LiveNodes(provider.GetRequiredService<NodeName>()));
        var file = new SqliteConnectionStringBuilder { DataSource = data.Database, DefaultTimeout = 30 }.ToString();
        return services.AddDbContextPool<SentinelCamDbContext>((provider, options) => options
            .UseSqlite(file)
            .AddInterceptors(new DurableConnection(), provider.GetRequiredService<CommitSignal>()));
    }

    /// <summary>Brings the schema up to date, and agrees with other processes on the database on what they share.</summary>
    /// <exception cref="ConfigurationException">This version cannot use the database.</exception>
    public static async Task MigrateDataAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var data = scope.ServiceProvider.GetRequiredService<DataDirectory>();
        try
        {
            if (await db.FindNewerAsync() is { } problem)
                throw db.Dialect.TooNew(db, data, problem);

            await db.Dialect.PrepareAsync(db, app.Logger);
            if (await db.Dialect.HasUnfinishedImportAsync(db))
            {
                throw db.Dialect.Unusable(db, data,
                    "import-data was not finished: run it again, it goes on where it stopped");
            }

            await db.Dialect.MakeFirstKeyAsync(
                db, app.Services.GetRequiredService<IKeyManager>(), app.Services.GetRequiredService<TimeProvider>());
            // A cookie of one process has the same name in all
            data.InstanceName = (await app.Services.GetRequiredService<ISharedValues>()
                .ChangeAsync(InstanceName, known => known ?? data.InstanceName))!;
        }
        catch (Exception error) when (error is DbException || DatabaseProblem.Of(error) is not null)
        {
            throw db.Unusable(data, error);
        }
    }

    /// <summary>
    /// Opens the database beside the site to read it. Creates and changes no file, so that any user can run the command.
    /// </summary>
    /// <exception cref="ConfigurationException">The connection string is invalid.</exception>
    internal static SentinelCamDbContext OpenToRead(IConfiguration configuration, DataDirectory data)
    {
        if (PostgresOptions.Read(configuration) is { } server)
            return new PostgresDbContext(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(server, Once).Options);
        var file = new SqliteConnectionStringBuilder
        {
            DataSource = data.Database,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        };
        return new(new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite(file.ToString()).Options);
    }

    /// <summary>On a database of several nodes, takes this one's name.</summary>
    /// <exception cref="ConfigurationException">Another process has it, or the database cannot be used.</exception>
    public static async Task JoinNodesAsync(this WebApplication app)
    {
        if (app.Services.GetService<NodeSession>() is not { } session)
            return;
        try
        {
            await session.StartAsync(app.Lifetime.ApplicationStopping);
        }
        catch (DbException error)
        {
            await using var scope = app.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            throw db.Unusable(scope.ServiceProvider.GetRequiredService<DataDirectory>(), error);
        }
    }

    /// <summary>The line for a database that cannot be read or written.</summary>
    internal static ConfigurationException Unusable(this SentinelCamDbContext db, DataDirectory data, Exception error) =>
        db.Dialect.Unusable(db, data, (DatabaseProblem.Of(error) ?? error.Message).ReplaceLineEndings(" "));

    /// <summary>Npgsql's own strategy hides errors of the connection in others.</summary>
    private static void Once(NpgsqlDbContextOptionsBuilder postgres) =>
        postgres.ExecutionStrategy(parts => new NonRetryingExecutionStrategy(parts));

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
