using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>The primary server dies, and its synchronous standby takes its place.</summary>
public class PostgresFailoverTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_standby_was_promoted_all_acknowledged_attempts_are_there_and_people_can_sign_in(bool hasPower)
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var primary = await PostgresServer.StartOwnAsync();
        var database = await primary.AddDatabaseAsync();
        await using var standby = await primary.AddStandbyAsync();
        var both = PostgresServer.WithStandby(standby, database);
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, both);
        (await app.RegisterAnnAsync()).Dispose();
        using var ann = app.Visit();
        var acknowledged = new ConcurrentBag<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var guessing = Enumerable.Range(0, 4).Select(who => GuessAsync(app, who, acknowledged, stop.Token)).ToList();
        await Eventually.TrueAsync(() => acknowledged.Count > 100, app.Log);

        await primary.KillAsync();
        using var silence = hasPower ? null : await primary.LosePowerAsync();
        var killed = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () => (await SignInAsync()).Status is HttpStatusCode.ServiceUnavailable, app.Log);
        var noticed = killed.Elapsed;
        var promoting = Stopwatch.StartNew();
        await standby.PromoteAsync();
        var promotion = promoting.Elapsed;
        var promoted = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () => (await SignInAsync()).Path == "/dashboard", app.Log);
        var (sincePromotion, sinceKill) = (promoted.Elapsed, killed.Elapsed);
        var next = Stopwatch.StartNew();
        for (var i = 0; i < 5; i++)
            Assert.Equal("/dashboard", (await SignInAsync()).Path);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"503 for everybody {noticed.TotalSeconds:0.0} s after the primary server was killed; the promotion took "
            + $"{promotion.TotalSeconds:0.0} s; signed in {sincePromotion.TotalSeconds:0.0} s after it, "
            + $"{sinceKill.TotalSeconds:0.0} s after the kill, then in {next.Elapsed.TotalSeconds / 5:0.0} s each; "
            + $"{acknowledged.Count} attempts acknowledged");
        Assert.InRange(sincePromotion, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        // No time on a busy machine could tell a recheck of one second from Npgsql's ten
        var used = new NpgsqlConnectionStringBuilder(
            await app.ReadAsync(db => Task.FromResult(db.Database.GetConnectionString())));
        Assert.Equal(("primary", 1, 2), (used.TargetSessionAttributes, used.HostRecheckSeconds, used.Timeout));
        // A server that does not answer is no longer asked first
        Assert.StartsWith($"127.0.0.1:{standby.Port},", new NpgsqlConnectionStringBuilder(
            app.Services.GetRequiredService<PrimaryFirst>().Order(both[0].Value!)).Host, StringComparison.Ordinal);
        await stop.CancelAsync();
        await Task.WhenAll(guessing);
        var stored = await app.ReadAsync(db => db.LoginAttempts.Select(a => a.UserAgent).ToListAsync());
        Assert.Empty(acknowledged.Except(stored));
        Assert.Equal(stored.Count, stored.Distinct().Count());

        Task<WebAnswer> SignInAsync() => ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
    }

    [Fact]
    public async Task While_all_connections_are_in_use_the_primary_server_stays_the_first_that_is_asked()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var primary = await PostgresServer.StartOwnAsync();
        var database = await primary.AddDatabaseAsync();
        await using var standby = await primary.AddStandbyAsync();
        var (key, both) = PostgresServer.WithStandby(standby, database)[0];
        await using var app = await SentinelCamApp.StartAsync(null, null, (key, both + ";Maximum Pool Size=5;Timeout=1"));
        var order = app.Services.GetRequiredService<PrimaryFirst>();
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>().Database.OpenConnectionAsync(Cancelled);
        var hosts = order.Order(both!);
        var held = new List<AsyncServiceScope>();

        var problem = await Assert.ThrowsAnyAsync<NpgsqlException>(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                held.Add(app.Services.CreateAsyncScope());
                await held[^1].ServiceProvider.GetRequiredService<SentinelCamDbContext>().Database.OpenConnectionAsync(Cancelled);
            }
        });

        Assert.Contains("exhausted", problem.ToString(), StringComparison.Ordinal);
        Assert.Equal(hosts, order.Order(both!));
        foreach (var one in held)
            await one.DisposeAsync();
    }

    /// <summary>Guesses passwords of as many accounts, and remembers the guesses that were answered as recorded.</summary>
    private static async Task GuessAsync(
        SentinelCamApp app, int who, ConcurrentBag<string> acknowledged, CancellationToken cancelled)
    {
        for (var i = 0; !cancelled.IsCancellationRequested; i++)
        {
            var name = $"Guess/{who}.{i}";
            using var visitor = app.Visit(name);
            var answer = await visitor.SignInAsync($"nobody{who}@example.org", "a wrong password");
            if (answer.Status is HttpStatusCode.OK)
                acknowledged.Add(name);
            else
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        }
    }
}
