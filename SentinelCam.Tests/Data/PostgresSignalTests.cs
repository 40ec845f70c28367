using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>Triggers of PostgreSQL that signal commits to other processes.</summary>
public class PostgresSignalTests
{
    private const string Channel = "sentinelcam_commits";

    /// <summary>Heartbeats would wake everybody, and nobody waits for changes of the others.</summary>
    private static readonly string[] Silent = ["DataProtectionKeys", "Nodes", "PictureContents", "SchemaVersions", "SharedRows"];

    [Fact]
    public async Task Each_table_signals_its_changes_but_not_statements_that_change_nothing()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(database);
        var tables = await app.ReadAsync(db => Task.FromResult(
            db.Model.GetEntityTypes().Select(type => type.GetTableName()).OfType<string>().Distinct().ToArray()));
        await app.StopAsync();

        var signalling = await PostgresServer.ReadAsync<string[]>(database, """
            SELECT array_agg(c.relname::text) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname = 'SignalCommit'
            """);
        Assert.Equal(tables.Except(Silent).Order(StringComparer.Ordinal), signalling.Order(StringComparer.Ordinal));

        var heard = new List<string>();
        await using var listener = await PostgresServer.ConnectAsync(database);
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await ExecuteAsync(listener, $"LISTEN {Channel}");
        await using var writer = await PostgresServer.ConnectAsync(database);
        foreach (var sql in new[]
                 {
                     """UPDATE "Roles" SET "Name" = "Name" WHERE false""", """DELETE FROM "Alerts" """,
                     "SET sentinelcam.process = 'one'", """UPDATE "Roles" SET "Name" = "Name" """,
                     $"NOTIFY {Channel}, 'end'",
                 })
            await ExecuteAsync(writer, sql);
        while (!heard.Contains("end"))
            await listener.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["one", "end"], heard);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
