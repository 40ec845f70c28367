using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>
/// Three processes on one PostgreSQL, of which two are killed. <see cref="NodeWorkStoryTests"/> covers their mails.
/// </summary>
public sealed class ThreeNodesStoryTests : IAsyncLifetime
{
    private const string Anns = SentinelCamApp.AnnsEmail;

    /// <summary>Guesses at once at each process.</summary>
    private const int Lanes = 4;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-nodes-").FullName;
    private readonly ScriptedSmtpServer _mails = ScriptedSmtpServer.Start();
    private readonly List<SentinelCamProcess> _nodes = [];
    private (string Key, string? Value)[] _database = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _database = await PostgresServer.NewDatabaseAsync();
        foreach (var name in new[] { "a", "b", "c" })
        {
            _nodes.Add(SentinelCamProcess.Start(
                Path.Combine(_directory, name), [.. _database, .. _mails.Settings, ("Node:Name", name)]));
        }

        await Task.WhenAll(_nodes.Select(node => node.Address));
    }

    [Fact]
    public async Task Guesses_at_three_processes_are_counted_exactly_and_the_last_one_alive_goes_on()
    {
        using var ann = new WebVisitor(await _nodes[0].Address, "Ann");
        Assert.Equal("/dashboard", (await ann.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
        var guessers = await Task.WhenAll(_nodes.Select(Guesser.OpenAsync));
        await using var db = Open();

        await Task.WhenAll(guessers.Select(guesser => guesser.GuessAsync(67)));

        var alert = await db.Alerts.AsNoTracking().SingleAsync(Cancelled);
        Assert.Equal(201, alert.Attempts);
        Assert.Equal(201, await db.LoginAttempts.SumAsync(a => a.Count, Cancelled));
        Assert.Equal(5, await db.LoginAttempts.Where(a => a.Outcome == LoginOutcome.WrongPassword)
            .SumAsync(a => a.Count, Cancelled));

        var guessing = guessers.Select(guesser => guesser.GuessUntilKilledAsync()).ToList();
        foreach (var i in new[] { 0, 1 })
        {
            var enough = guessers.Select(guesser => guesser.Answered + 10).ToList();
            await Eventually.TrueAsync(
                () => guessers.Zip(enough).Skip(i).All(pair => pair.First.Answered >= pair.Second), () => _nodes[i].Said);
            guessers[i].IsKilled = true;
            await _nodes[i].KillAsync();
            await guessing[i];
        }

        var left = guessers[2].Answered;
        await Eventually.TrueAsync(() => guessers[2].Answered >= left + 10, () => _nodes[2].Said);
        guessers[2].IsEnough = true;
        await guessing[2];

        var recorded = await db.LoginAttempts.SumAsync(a => a.Count, Cancelled);
        var answered = guessers.Sum(guesser => guesser.Answered);
        // Those that the killed ones were answering may be recorded, too
        Assert.InRange(recorded, answered, answered + 2 * Lanes);
        Assert.Equal(recorded, await db.Alerts.SumAsync(a => a.Attempts, Cancelled));
        Assert.Equal(5, await db.LoginAttempts.Where(a => a.Outcome == LoginOutcome.WrongPassword)
            .SumAsync(a => a.Count, Cancelled));
        await guessers[2].GuessAsync(1);
        Assert.Equal(recorded + 1, await db.LoginAttempts.SumAsync(a => a.Count, Cancelled));

        // A load balancer sends everybody to the one that is left
        using var moved = new WebVisitor(await _nodes[2].Address, "Ann");
        moved.TakeCookies(await _nodes[0].Address, ann);
        foreach (var path in new[]
                 {
                     "/dashboard", $"/alerts/{alert.Id}", "/userdata", "/settings", "/admin/accounts", "/admin/nodes",
                 })
        {
            var answer = await moved.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK, path), (path, answer.Status, answer.Path));
        }

        foreach (var guesser in guessers)
            guesser.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _mails.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private PostgresDbContext Open() =>
        new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(_database[0].Value).Options);

    /// <summary>Guesses Ann's password at one process.</summary>
    private sealed class Guesser : IDisposable
    {
        private readonly WebVisitor _visitor;
        private readonly string _token;
        private int _answered;

        private Guesser(WebVisitor visitor, string token) => (_visitor, _token) = (visitor, token);

        public int Answered => Volatile.Read(ref _answered);

        public bool IsKilled { get; set; }

        public bool IsEnough { get; set; }

        public static async Task<Guesser> OpenAsync(SentinelCamProcess node)
        {
            var visitor = new WebVisitor(await node.Address, "Guesser");
            return new(visitor, (await visitor.GetAsync("/login")).Token);
        }

        /// <summary>Guesses this often, many times at once.</summary>
        public Task GuessAsync(int count) => Parallel.ForAsync(0, count,
            new ParallelOptions { MaxDegreeOfParallelism = 10, CancellationToken = Cancelled },
            async (_, _) => await GuessAsync());

        /// <summary>Guesses until the process is killed, or it is enough.</summary>
        public Task GuessUntilKilledAsync() => Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ =>
        {
            try
            {
                while (!IsEnough)
                    await GuessAsync();
            }
            catch (Exception error) when (IsKilled && error is HttpRequestException or IOException)
            {
                // Its last guess has no answer
            }
        }));

        public void Dispose() => _visitor.Dispose();

        private async Task GuessAsync()
        {
            var answer = await _visitor.PostAsync("/login",
            [
                new("__RequestVerificationToken", _token), new("Email", Anns), new("Password", "a wrong password"),
            ]);
            // After ten failures a process delays what comes from the same address, and records it
            Assert.Contains(answer.Status, new[] { HttpStatusCode.OK, HttpStatusCode.TooManyRequests });
            Assert.Equal("/login", answer.Path);
            Interlocked.Increment(ref _answered);
        }
    }
}
