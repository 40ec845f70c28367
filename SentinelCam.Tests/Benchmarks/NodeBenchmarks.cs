using System.Diagnostics;
using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures what several processes on PostgreSQL record.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class NodeBenchmarks
{
    private const int Attempts = 900;
    private const int Visitors = 12;
    private const int Rounds = 3;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Attempts_recorded_a_second_without_the_hash()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var server = await PostgresServer.StartOwnAsync(isDurable: true);
        List<double> file = [], one = [], two = [];
        for (var round = 0; round < Rounds; round++)
        {
            file.Add(await RunAsync([], processes: 1));
            one.Add(await RunAsync(await server.AddDatabaseAsync(), processes: 1));
            two.Add(await RunAsync(await server.AddDatabaseAsync(), processes: 2));
        }

        Table.Print($"Failed sign-ins without the hash, {Attempts} by {Visitors} visitors, from form to answer (a second)",
            ("SQLite, one process", file), ("PostgreSQL, one process", one), ("PostgreSQL, two processes", two));
    }

    /// <summary>Sign-ins at no account from an address that must wait, so that they are recorded and not hashed.</summary>
    private static async Task<double> RunAsync((string Key, string? Value)[] database, int processes)
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        await using var mails = ScriptedSmtpServer.Start(new SmtpScript());
        var nodes = Enumerable.Range(0, processes).Select(i => SentinelCamProcess.Start(
            Path.Combine(directory, $"node{i}"), [("Node:Name", $"node{i}"), .. mails.Settings, .. database])).ToList();
        try
        {
            var visitors = new List<(WebVisitor Visitor, string Token)>();
            for (var i = 0; i < Visitors; i++)
            {
                var visitor = new WebVisitor(await nodes[i % processes].Address, "Bench/1.0");
                visitors.Add((visitor, (await visitor.GetAsync("/login")).Token));
            }

            foreach (var (visitor, token) in visitors)
                while ((await GuessAsync(visitor, token)).Status is not HttpStatusCode.TooManyRequests)
                {
                }

            var left = Attempts;
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(visitors.Select(async pair =>
            {
                // One is hashed whenever a delay, which doubles each time, is over
                while (Interlocked.Decrement(ref left) >= 0)
                    Assert.NotEqual(HttpStatusCode.ServiceUnavailable, (await GuessAsync(pair.Visitor, pair.Token)).Status);
            }));
            var seconds = watch.Elapsed.TotalSeconds;
            visitors.ForEach(pair => pair.Visitor.Dispose());
            return Attempts / seconds;
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<WebAnswer> GuessAsync(WebVisitor visitor, string token) => visitor.PostAsync("/login",
    [
        new("__RequestVerificationToken", token), new("Email", "nobody@example.org"), new("Password", "a wrong password"),
    ]);
}
