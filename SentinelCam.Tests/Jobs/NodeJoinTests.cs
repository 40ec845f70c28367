using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The only node on PostgreSQL, until another one joins.</summary>
public class NodeJoinTests
{
    /// <summary>As the other node has done, before this one's next heartbeat.</summary>
    private const string OfficeJoins = """
        INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "ClockAheadMs")
            VALUES ('office', (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 0, '', '', '', 0) RETURNING "Name"
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Others_know_a_node_at_once()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var lobby = await StartLobbyAsync(database);
        var nodes = lobby.Services.GetRequiredService<LiveNodes>();
        Assert.Null(nodes.Device);
        await Eventually.TrueAsync(() => PostgresServer.ReadAsync<bool>(database, $"""
            SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = '{Listener.Name}' AND query ~ '^(LISTEN|SELECT 1)' AND state = 'idle')
            """), lobby.Log);
        var joined = lobby.Services.GetRequiredService<NodeSession>().Joined;

        await using var office = new NodeSession(
            database.Single(setting => setting.Key == PostgresServer.Key).Value!, new NodeName("office"),
            new LiveNodes(new NodeName("office"), mayBeSeveral: true), new CommitSignal());
        await office.StartAsync(Cancelled);

        // By the notification: a heartbeat, which learns of it too, does not complete this
        await joined.WaitAsync(Eventually.Patience, Cancelled);
        await Eventually.TrueAsync(() => nodes.Device == "lobby", lobby.Log);
        Assert.Equal(["office"], nodes.Others);
    }

    [Fact]
    public async Task Picture_of_a_node_that_has_just_joined_is_left_to_it()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var lobby = await StartLobbyAsync(database);
        await PostgresServer.ReadAsync<string>(database, OfficeJoins);
        var id = await lobby.ReadAsync(async db =>
        {
            var now = DateTimeOffset.UtcNow;
            var entry = db.Add(new ImageLogEntry
            {
                Trigger = CaptureTrigger.Manual,
                At = now,
                CaptureDueAt = now,
                Node = "office",
            }).Entity;
            await db.SaveChangesAsync(Cancelled);
            return entry.Id;
        });

        await using var scope = lobby.Services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<CaptureSnapshotJob>(scope.ServiceProvider).RunAsync(id, Cancelled);

        var entry = await lobby.ReadAsync(db => db.ImageLog.AsNoTracking().SingleAsync(Cancelled));
        Assert.Equal((CaptureState.Waiting, 0), (entry.CaptureState, entry.CaptureTries));
    }

    [Fact]
    public async Task Mail_of_a_node_that_has_just_joined_is_left_to_it()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var lobby = await StartLobbyAsync(database);
        (await lobby.RegisterAnnAsync()).Dispose();
        await lobby.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await lobby.WaitForAcceptedAsync(1);
        await PostgresServer.ReadAsync<string>(database, OfficeJoins);

        foreach (var (sender, state) in new[] { ("office", DeliveryState.Sending), ("removed", DeliveryState.Waiting) })
        {
            Assert.Equal(state, await lobby.ReadAsync(async db =>
            {
                await db.Deliveries.ExecuteUpdateAsync(set => set.SetProperty(d => d.SentBy, sender)
                    .SetProperty(d => d.State, DeliveryState.Sending).SetProperty(d => d.SendingSince, DateTimeOffset.UtcNow));
                await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
                // As when it starts
                var alone = new WorkRepair(new LiveNodes(new NodeName("lobby"), mayBeSeveral: true), TimeProvider.System);
                await alone.ReleaseOwnAsync(db, Cancelled);
                return await db.Deliveries.Select(d => d.State).SingleAsync(Cancelled);
            }));
        }
    }

    private static Task<SentinelCamApp> StartLobbyAsync((string Key, string? Value)[] database) =>
        SentinelCamApp.StartAsync(null, Household.CheapPasswords, [.. database, ("Node:Name", "lobby")]);
}
