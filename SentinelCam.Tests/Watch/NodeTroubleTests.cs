using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;
using SentinelCam.Watch;

namespace SentinelCam.Tests.Watch;

/// <summary>Troubles where several nodes look: one process on a real PostgreSQL, in which each has its own loop.</summary>
public sealed class NodeTroubleTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private readonly ScriptedSmtpServer _mails = ScriptedSmtpServer.Start();
    private SentinelCamApp _app = null!;
    private (string Key, string? Value)[] _database = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _database = await PostgresServer.NewDatabaseAsync();
        _app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords,
            [.. _database, .. _mails.Settings, ("Node:Name", "lobby"), ("Watch:MinFree", "1")]);
        (await _app.RegisterAnnAsync()).Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        await _mails.DisposeAsync();
    }

    [Fact]
    public async Task What_two_nodes_see_at_the_same_time_is_told_once_and_ended_once()
    {
        TroubleWatch[] watches = [WatchOf(Node("lobby")), WatchOf(Node("office"))];
        await SeeTogetherAsync(watches, "421 closed for now");
        _clock.Advance(TimeSpan.FromHours(1));

        await SeeTogetherAsync(watches, "421 closed for now");
        Assert.Equal(["The mail server accepts no emails"], await _app.NoticesAsync());
        await SeeTogetherAsync(watches, "421 closed again");
        Assert.Equal("421 closed again", (await TroublesAsync()).Single().Problem);
        await SeeTogetherAsync(watches, null);
        _clock.Advance(TimeSpan.FromMinutes(10));
        await SeeTogetherAsync(watches, null);

        Assert.Equal(["The mail server accepts no emails", "The mail server accepts emails again"], await _app.NoticesAsync());
        Assert.Empty(await TroublesAsync());
    }

    [Fact]
    public async Task Look_that_changes_nothing_writes_nothing()
    {
        var watch = WatchOf(Node("lobby"));
        await SeeTogetherAsync([watch], "421 closed for now");
        _clock.Advance(TimeSpan.FromHours(1));
        await SeeTogetherAsync([watch], "421 closed for now");
        Assert.Single(await _app.NoticesAsync());

        // Anyone who writes waits for it, and gives up
        await using var blocking = await PostgresServer.ConnectAsync(_database);
        await using var held = new NpgsqlCommand($"SELECT pg_advisory_lock({OneWriter.Lock})", blocking);
        await held.ExecuteNonQueryAsync(Cancelled);
        await using var scope = _app.Services.CreateAsyncScope();
        foreach (var problem in new[] { "421 closed for now", null })
        {
            await watch.SeeAsync(
                scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>(),
                scope.ServiceProvider.GetRequiredService<AdministratorNotices>(), TroubleKind.Mail, problem, Cancelled);
        }
    }

    [Fact]
    public async Task Trouble_that_was_moved_from_SQLite_belongs_to_the_node_that_looks_first()
    {
        await _app.ReadAsync(async db =>
        {
            foreach (var kind in new[] { TroubleKind.Disk, TroubleKind.Mail })
            {
                db.Add(new Trouble { Kind = kind, Since = TestClock.Noon, ToldAt = TestClock.Noon, Problem = "It is bad." });
            }

            return await db.SaveChangesAsync(Cancelled);
        });
        var lobby = await StartAsync("lobby");
        await LookAsync(1, lobby);
        Assert.Equal([(TroubleKind.Mail, ""), (TroubleKind.Disk, "lobby")], await PlacesAsync());
        await lobby.StopAsync(Cancelled);

        var office = await StartAsync("office");
        await LookAsync(12, office);
        await office.StopAsync(Cancelled);
        Assert.Equal([(TroubleKind.Disk, "lobby")], await PlacesAsync());

        await LookAsync(12, await StartAsync("lobby"));
        Assert.Empty(await PlacesAsync());
        Assert.Equal(["The mail server accepts emails again", "There is enough disk space again on lobby"],
            await _app.NoticesAsync());

        async Task<(TroubleKind, string)[]> PlacesAsync() => [.. (await TroublesAsync()).Select(t => (t.Kind, t.Node)).Order()];
    }

    [Fact]
    public async Task Node_that_is_dead_for_five_minutes_is_told_once_and_once_when_it_is_back_or_removed()
    {
        WatchLoop[] loops = [await StartAsync("lobby"), await StartAsync("office")];
        // As during an upgrade
        await BeatAsync(TimeSpan.FromMinutes(-1));
        await LookAsync(4, loops);
        Assert.Null((await TroublesAsync()).Single().ToldAt);
        await BeatAsync(TimeSpan.FromDays(1));
        await LookAsync(1, loops);
        Assert.Empty(await TroublesAsync());

        await BeatAsync(TimeSpan.FromMinutes(-1));
        await LookAsync(5, loops);
        Assert.Empty(await _app.NoticesAsync());
        await LookAsync(3, loops);
        Assert.Equal(["attic does not answer"], await _app.NoticesAsync());
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Contains("attic does not answer since", await ann.BannerAsync(), StringComparison.Ordinal);

        await BeatAsync(TimeSpan.FromDays(1));
        await LookAsync(12, loops);
        Assert.Equal(["attic does not answer", "attic answers again"], await _app.NoticesAsync());

        await BeatAsync(TimeSpan.FromMinutes(-1));
        await LookAsync(7, loops);
        await using var scope = _app.Services.CreateAsyncScope();
        Assert.True(await ActivatorUtilities.CreateInstance<NodeList>(scope.ServiceProvider, Node("lobby")).ForgetAsync("attic"));
        await LookAsync(2, loops);
        Assert.Equal(["attic does not answer", "attic is no longer a device of this site"], (await _app.NoticesAsync())[2..]);
        Assert.Empty(await TroublesAsync());
    }

    private static LiveNodes Node(string name) => new(new NodeName(name), mayBeSeveral: true);

    private TroubleWatch WatchOf(LiveNodes node) => ActivatorUtilities.CreateInstance<TroubleWatch>(_app.Services, node);

    private async Task<WatchLoop> StartAsync(string name)
    {
        var node = Node(name);
        var loop = ActivatorUtilities.CreateInstance<WatchLoop>(_app.Services, node, WatchOf(node));
        await loop.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => loop.StartedAt > 0);
        return loop;
    }

    /// <summary>So many looks, a minute apart.</summary>
    private async Task LookAsync(int count, params WatchLoop[] loops)
    {
        for (var i = 0; i < count; i++)
        {
            var looks = loops.Sum(loop => loop.Looks);
            _clock.Advance(TimeSpan.FromMinutes(1));
            await Eventually.TrueAsync(() => loops.Sum(loop => loop.Looks) == looks + loops.Length, _app.Log);
        }

        Assert.DoesNotContain("could not look after itself", _app.Log(), StringComparison.Ordinal);
    }

    /// <summary>Lets all look before one of them writes.</summary>
    private async Task SeeTogetherAsync(TroubleWatch[] watches, string? problem)
    {
        await using var blocking = _app.Services.CreateAsyncScope();
        var db = blocking.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
        var (looks, processes) = (new List<Task>(), new List<int>());
        foreach (var watch in watches)
        {
            var process = new TaskCompletionSource<int>();
            looks.Add(SeeAsync(watch, problem, process));
            processes.Add(await process.Task);
        }

        // By the transaction that blocks them: an idle one would be ended after five seconds
        await Eventually.TrueAsync(async () => looks.TrueForAll(look => look.IsCompleted) || processes.Count
            == await db.Database.SqlQuery<long>($"""
                SELECT count(*) AS "Value" FROM pg_stat_activity WHERE wait_event = 'advisory' AND pid = ANY ({processes})
                """).SingleAsync(Cancelled));
        await transaction.CommitAsync(Cancelled);
        await Task.WhenAll(looks);
    }

    private async Task SeeAsync(TroubleWatch watch, string? problem, TaskCompletionSource<int> process)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await db.Database.OpenConnectionAsync(Cancelled);
        process.SetResult(await db.Database.SqlQuery<int>($"""SELECT pg_backend_pid() AS "Value" """).SingleAsync(Cancelled));
        await watch.SeeAsync(
            db, scope.ServiceProvider.GetRequiredService<AdministratorNotices>(), TroubleKind.Mail, problem, Cancelled);
    }

    /// <summary>A heartbeat of a third node, at a time relative to the database's clock.</summary>
    private Task<int> BeatAsync(TimeSpan ago) => _app.ReadAsync(db => db.Database.ExecuteSqlAsync($"""
        INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "ClockAheadMs")
            VALUES ('attic', extract(epoch FROM clock_timestamp()) * 1000 + {ago.TotalMilliseconds}, 0, '', '', '', 0)
            ON CONFLICT ("Name") DO UPDATE SET "SeenAt" = excluded."SeenAt"
        """, Cancelled));

    private Task<List<Trouble>> TroublesAsync() => _app.ReadAsync(db => db.Troubles.AsNoTracking().ToListAsync(Cancelled));
}
