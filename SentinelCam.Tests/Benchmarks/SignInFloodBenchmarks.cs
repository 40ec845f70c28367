using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Measures how long the owner's sign-in takes in a browser that is known, while eight visitors guess the password at full speed,
/// with the hash and the delays of production.
/// </summary>
/// <remarks>Run with <c>-explicit only</c>. Prints a table and asserts no times.</remarks>
public class SignInFloodBenchmarks
{
    private const int Guessers = 8;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="attempts">How many guesses in all.</param>
    /// <param name="isOneNetworkEach">
    /// Whether each visitor keeps an address, so that most guesses are refused without a hash. Otherwise each guess comes from
    /// another network, and each is hashed.
    /// </param>
    [Theory(Explicit = true)]
    [InlineData(10_000, true)]
    [InlineData(1_000, false)]
    public async Task Owner_signs_in_during_a_flood(int attempts, bool isOneNetworkEach)
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(
            null, null, [("ForwardedHeaders_Enabled", "true"), .. server.Settings]);
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        List<double> quiet = [], times = [];
        for (var i = 0; i < 20; i++)
            quiet.Add(await SignInAsync(ann));

        var start = Stopwatch.GetTimestamp();
        var next = 0;
        var flood = Task.WhenAll(Enumerable.Range(0, Guessers).Select(guesser => Task.Run(async () =>
        {
            using var visitor = app.Visit();
            var page = await visitor.GetAsync("/login");
            for (int i; (i = Interlocked.Increment(ref next)) <= attempts;)
            {
                var network = isOneNetworkEach
                    ? string.Create(CultureInfo.InvariantCulture, $"203.0.{guesser}.9")
                    : string.Create(CultureInfo.InvariantCulture, $"198.{i / 250}.{i % 250}.9");
                await visitor.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" }, null,
                    ("X-Forwarded-For", network));
            }
        })));
        while (!flood.IsCompleted)
        {
            times.Add(await SignInAsync(ann));
            await Task.WhenAny(flood, Task.Delay(200, Cancelled));
        }

        await flood;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var recorded = await app.ReadAsync(db =>
            db.LoginAttempts.Where(a => a.Outcome != LoginOutcome.SucceededAfterFailures).SumAsync(a => a.Count, Cancelled));
        Table.Print(
            string.Create(CultureInfo.InvariantCulture,
                $"{attempts} attempts by {Guessers} visitors in {seconds:0} s, {recorded} recorded, each from "
                    + $"{(isOneNetworkEach ? "one network" : "networks of its own")}: the owner's sign-in (ms)"),
            ("before", quiet), ("during the flood", times));
        Assert.Equal(attempts, recorded);
    }

    /// <returns>The time from the POST to the dashboard, in milliseconds.</returns>
    private static async Task<double> SignInAsync(WebVisitor ann)
    {
        var page = await ann.GetAsync("/login");
        var start = Stopwatch.GetTimestamp();
        var answer = await ann.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, SentinelCamApp.Password });
        var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Assert.Equal("/dashboard", answer.Path);
        await ann.SignOutAsync();
        return time;
    }
}
