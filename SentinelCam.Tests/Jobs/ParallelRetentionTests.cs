using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>Retention on two nodes at the same time.</summary>
public class ParallelRetentionTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Activity_that_another_run_has_just_removed_is_no_error()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, database);
        await app.ReadAsync(db =>
        {
            db.Add(new AccountActivity
            {
                At = DateTimeOffset.UtcNow.AddYears(-20),
                Kind = ActivityKind.SignedIn,
                Detail = "pwd",
                RemoteAddress = "203.0.113.9",
                Browser = "Old/1.0",
            });
            return db.SaveChangesAsync(Cancelled);
        });

        // The other run holds the lock until it has removed the line
        await using var other = await PostgresServer.ConnectAsync(database);
        await using var command = other.CreateCommand();
        command.CommandText = $"SELECT pg_advisory_lock({OneWriter.Lock})";
        await command.ExecuteNonQueryAsync(Cancelled);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await db.Database.OpenConnectionAsync(Cancelled);
        var process = await db.Database.SqlQuery<int>($"""SELECT pg_backend_pid() AS "Value" """).SingleAsync(Cancelled);
        var run = scope.ServiceProvider.GetRequiredService<RecordRetention>().RunAsync(Cancelled);
        // Not just anybody: the app's other work waits for the lock, too
        await Eventually.TrueAsync(() => PostgresServer.ReadAsync<bool>(database, $"""
            SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = {process} AND wait_event = 'advisory')
            """), app.Log);
        command.CommandText = $"""
            INSERT INTO "ActivityRemovals" SELECT "Id" FROM "AccountActivity"; SELECT pg_advisory_unlock({OneWriter.Lock})
            """;
        await command.ExecuteNonQueryAsync(Cancelled);

        await run;
        Assert.Equal(0, await app.ReadAsync(db => db.Activity.CountAsync(Cancelled)));
    }
}
