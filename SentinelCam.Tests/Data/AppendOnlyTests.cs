using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>The database itself keeps the lines of the activity as they were written.</summary>
public sealed class AppendOnlyTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("UPDATE AccountActivity SET Detail = 'nothing'")]
    [InlineData("UPDATE OR REPLACE AccountActivity SET AccountId = 2")]
    [InlineData("DELETE FROM AccountActivity")]
    [InlineData("INSERT OR REPLACE INTO AccountActivity SELECT Id, At, 2, Actor, ActorId, Kind, Detail, AlertId, RemoteAddress, "
        + "Browser FROM AccountActivity")]
    [InlineData("DELETE FROM Accounts; DELETE FROM AccountActivity")]
    public async Task Lines_cannot_be_changed_or_deleted(string sql)
    {
        await AddAsync(ActivityKind.CameraChosen);
        var before = await LinesAsync();

        var refused = await Assert.ThrowsAsync<SqliteException>(() => _app.ReadAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
            return await db.Database.ExecuteSqlRawAsync(sql);
        }));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(before);
        Assert.Equal(before, await LinesAsync());
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Line_is_rolled_back_with_its_change()
    {
        var before = await LinesAsync();
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await using (await db.Database.BeginTransactionAsync(Cancelled))
        {
            scope.ServiceProvider.GetRequiredService<ActivityLog>().Add(1, ActivityKind.CameraChosen);
            await db.SaveChangesAsync(Cancelled);
            Assert.Equal(before.Count + 1, await db.Activity.CountAsync(Cancelled));
        }

        Assert.Equal(before, await LinesAsync());
    }

    private Task<List<string>> LinesAsync() => _app.ReadAsync(db => db.Database.SqlQueryRaw<string>(
        "SELECT concat_ws('|', Id, At, AccountId, Actor, Kind, Detail, RemoteAddress, Browser) AS Value FROM AccountActivity")
        .ToListAsync());

    private async Task AddAsync(ActivityKind kind)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<ActivityLog>().Add(1, kind);
        await scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>().SaveChangesAsync();
    }
}
