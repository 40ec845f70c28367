using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Watch;

namespace SentinelCam.Tests.Watch;

/// <summary>Two nodes on one PostgreSQL, each of which watches itself.</summary>
public sealed class NodeWatchTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private readonly SteadyCamera _lobbys;
    private readonly SteadyCamera _offices;
    private (string Key, string? Value)[] _database = [];

    public NodeWatchTests() => (_lobbys, _offices) = (new SteadyCamera(_clock), new SteadyCamera(_clock));

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _database = await PostgresServer.NewDatabaseAsync();
        // So that the first one to start knows the other
        await PostgresServer.ReadAsync<long>(_database, """
            INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "ClockAheadMs")
                VALUES ('office', 0, 0, '', '', '', 0) RETURNING "SeenAt"
            """);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Camera_and_disk_of_one_node_are_told_once_and_name_it()
    {
        await using var lobby = await StartAsync("lobby", _lobbys);
        await using var office = await StartAsync("office", _offices, ("Watch:MinFree", $"{1L << 50}"));
        using var ann = await lobby.RegisterAnnAsync();
        _offices.Quality = FrameQuality.Black;

        await LookUntilAsync(db => db.Troubles.CountAsync(t => t.ToldAt != null), told => told == 2);

        Assert.Equal(["Camera of office", "Disk of office"], await lobby.ReadAsync(
            db => db.Troubles.Select(t => t.Kind + " of " + t.Node).OrderBy(text => text).ToListAsync()));
        Assert.Equal(["The disk is almost full on office", "The camera shows nothing on office"], await lobby.NoticesAsync());
        Assert.Contains("The camera shows nothing on office since", await ann.BannerAsync(), StringComparison.Ordinal);
        Assert.True(_lobbys.Openings > 0);

        // The good camera ends nothing of the other
        for (var i = 0; i < 15; i++)
            await WatchedApp.LookAsync(_clock, lobby, office);
        Assert.Equal(2, (await lobby.NoticesAsync()).Count);
        (_lobbys.Quality, _offices.Quality) = (FrameQuality.Black, FrameQuality.Good);
        await LookUntilAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.WatchNotice), notices => notices == 4);

        Assert.Equal(["The camera shows nothing on lobby", "The camera works again on office"],
            (await lobby.NoticesAsync()).Skip(2).Order(StringComparer.Ordinal));
        Assert.Equal(["Camera of lobby", "Disk of office"], await lobby.ReadAsync(
            db => db.Troubles.Select(t => t.Kind + " of " + t.Node).OrderBy(text => text).ToListAsync()));

        async Task LookUntilAsync(Func<SentinelCamDbContext, Task<int>> count, Func<int, bool> satisfies)
        {
            for (var minute = 0; !satisfies(await lobby.ReadAsync(count)); minute++)
            {
                Assert.True(minute < 60, lobby.Log() + office.Log());
                await WatchedApp.LookAsync(_clock, lobby, office);
            }
        }
    }

    [Fact]
    public async Task Weekly_test_that_two_nodes_begin_at_once_sends_one_mail()
    {
        await using var lobby = await StartAsync("lobby", _lobbys);
        await using var office = await StartAsync("office", _offices);
        (await lobby.RegisterAnnAsync()).Dispose();
        await lobby.ReadAsync(db =>
        {
            db.Add(new SelfTest { DueAt = _clock.GetUtcNow() });
            return db.SaveChangesAsync();
        });

        // Both find it due, and wait to begin it
        await using var holder = await PostgresServer.ConnectAsync(_database);
        await using var command = holder.CreateCommand();
        command.CommandText = $"SELECT pg_advisory_lock({OneWriter.Lock})";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var tests = Task.WhenAll(new[] { lobby, office }.Select(RunAsync));
        await Eventually.TrueAsync(async () => tests.IsCompleted || await PostgresServer.ReadAsync<long>(_database, """
            SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
            """) >= 2, lobby.Log, meanwhile: () => _clock.Advance(TimeSpan.FromMilliseconds(50)));
        Assert.False(tests.IsCompleted);
        command.CommandText = $"SELECT pg_advisory_unlock({OneWriter.Lock})";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await tests;

        Assert.Equal(1, await lobby.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.SelfTest)));
        Assert.NotNull(await lobby.ReadAsync(db => db.SelfTests.Select(t => t.StartedAt).SingleAsync()));

    }

    [Fact]
    public async Task Weekly_test_that_another_node_has_just_ended_is_left_alone()
    {
        await using var lobby = await StartAsync("lobby", _lobbys);
        var at = _clock.GetUtcNow();
        await lobby.ReadAsync(db =>
        {
            db.Add(new SelfTest { DueAt = at, StartedAt = at, FirstDeliveryId = 1 });
            return db.SaveChangesAsync();
        });

        // The other node has found a mail that failed, and deletes the test's mails
        await using var office = await PostgresServer.ConnectAsync(_database);
        await using var command = office.CreateCommand();
        command.CommandText = $"SELECT pg_advisory_lock({OneWriter.Lock})";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var test = RunAsync(lobby);
        await Eventually.TrueAsync(async () => test.IsCompleted || await PostgresServer.ReadAsync<long>(_database, """
            SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
            """) >= 1, lobby.Log);
        Assert.False(test.IsCompleted);
        var due = at + WeeklyTest.RetryAfter;
        command.CommandText = $"""
            UPDATE "SelfTests" SET "StartedAt" = NULL, "DueAt" = {due.ToUnixTimeMilliseconds()};
            SELECT pg_advisory_unlock({OneWriter.Lock})
            """;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await test;

        Assert.Equal(due, await lobby.ReadAsync(db => db.SelfTests.Select(t => t.DueAt).SingleAsync()));
    }

    [Fact]
    public async Task Weekly_test_that_fails_names_the_device_whose_camera_it_is()
    {
        await using var lobby = await StartAsync("lobby", _lobbys);
        (await lobby.RegisterAnnAsync()).Dispose();
        _lobbys.Quality = FrameQuality.Black;
        await lobby.ReadAsync(db =>
        {
            db.Add(new SelfTest { DueAt = _clock.GetUtcNow() });
            return db.SaveChangesAsync();
        });

        var test = RunAsync(lobby);
        await Eventually.TrueAsync(() => test.IsCompleted, lobby.Log, () => _clock.Advance(TimeSpan.FromMilliseconds(200)));
        await test;

        Assert.StartsWith("On lobby: The picture is black.", await lobby.ReadAsync(
            db => db.Troubles.Where(t => t.Kind == TroubleKind.SelfTest).Select(t => t.Problem).SingleAsync()),
            StringComparison.Ordinal);
    }

    private static async Task RunAsync(SentinelCamApp app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<WeeklyTest>().RunAsync(TestContext.Current.CancellationToken);
    }

    private Task<SentinelCamApp> StartAsync(string node, SteadyCamera camera, params (string Key, string? Value)[] settings) =>
        SentinelCamApp.StartAsync(_clock, WatchedApp.With(camera), WatchedApp.Settings(
        [
            .. _database, ("Node:Name", node), ("Watch:Look", "00:05:00"), ("Watch:DarkFor", "00:05:00"), .. settings,
        ]));
}
