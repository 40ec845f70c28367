using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

public sealed class RowImportTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Import_may_pause_for_longer_than_a_site()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var old = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        (await old.RegisterAnnAsync()).Dispose();
        await old.StopAsync();
        await using var source = new SqliteConnection(
            $"Data Source={old.DataDirectory}/sentinelcam.db;Mode=ReadOnly;Pooling=False");
        await source.OpenAsync(Cancelled);
        var database = await PostgresServer.NewDatabaseAsync();
        // A millisecond, less than a pause between two tables
        var impatient = new NpgsqlConnectionStringBuilder(database[0].Value)
        {
            Options = "-c idle_in_transaction_session_timeout=1",
        };
        var options = new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(impatient.ToString()).Options;
        await using var target = new PostgresDbContext(options);

        var rows = await new RowImport(source, target).CopyAsync([], Cancelled);

        Assert.True(rows > 0, $"{rows} rows");
        Assert.Equal(1L, await PostgresServer.ReadAsync<long>(database, """SELECT count(*) FROM "Accounts" """));
    }
}
