using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>The primary server dies, and its synchronous standby takes its place.</summary>
public class PostgresFailoverTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_standby_was_promoted_all_acknowledged_attempts_are_there_and_people_can_sign_in()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var primary = await PostgresServer.StartOwnAsync();
        var database = await primary.AddDatabaseAsync();
        await using var standby = await primary.AddStandbyAsync();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, PostgresServer.WithStandby(standby, database));
        (await app.RegisterAnnAsync()).Dispose();
        using var ann = app.Visit();
        var acknowledged = new ConcurrentBag<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var guessing = Enumerable.Range(0, 4).Select(who => GuessAsync(app, who, acknowledged, stop.Token)).ToList();
        await Eventually.TrueAsync(() => acknowledged.Count > 100, app.Log);

        await primary.KillAsync();
        var killed = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () => (await SignInAsync()).Status is HttpStatusCode.ServiceUnavailable, app.Log);
        var noticed = killed.Elapsed;
        var promoting = Stopwatch.StartNew();
        await standby.PromoteAsync();
        var promotion = promoting.Elapsed;
        var promoted = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () => (await SignInAsync()).Path == "/dashboard", app.Log);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"503 for everybody {noticed.TotalSeconds:0.0} s after the primary server was killed; the promotion took "
            + $"{promotion.TotalSeconds:0.0} s; signed in {promoted.Elapsed.TotalSeconds:0.0} s after it, "
            + $"{killed.Elapsed.TotalSeconds:0.0} s after the kill; {acknowledged.Count} attempts acknowledged");
        Assert.InRange(promoted.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await Task.WhenAll(guessing);
        var stored = await app.ReadAsync(db => db.LoginAttempts.Select(a => a.UserAgent).ToListAsync());
        Assert.Empty(acknowledged.Except(stored));
        Assert.Equal(stored.Count, stored.Distinct().Count());

        Task<WebAnswer> SignInAsync() => ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
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
