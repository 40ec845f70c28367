using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Two processes on one PostgreSQL.</summary>
public class NodesStoryTests
{
    private const string Events = "/dashboard/events";
    private const string Proxied = "203.0.113.9";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parallel_guesses_at_two_processes_are_counted_one_after_another()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var nodes = await Nodes.StartAsync();
        using (var ann = new WebVisitor(await nodes.A.Address, "Ann"))
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);

        await Task.WhenAll(new[] { nodes.A, nodes.B }.Select(async node =>
        {
            using var visitor = new WebVisitor(await node.Address, "Guesser");
            var token = (await visitor.GetAsync("/login")).Token;
            await Parallel.ForAsync(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 10, CancellationToken = Cancelled },
                async (_, _) =>
                {
                    var answer = await visitor.PostAsync("/login",
                    [
                        new("__RequestVerificationToken", token), new("Email", SentinelCamApp.AnnsEmail),
                        new("Password", "a wrong password"),
                    ]);
                    Assert.NotEqual(HttpStatusCode.ServiceUnavailable, answer.Status);
                });
        }));

        await using var db = nodes.OpenDatabase();
        var alert = await db.Alerts.SingleAsync(Cancelled);
        Assert.Equal(200, alert.Attempts);
        var outcomes = await db.LoginAttempts.GroupBy(a => a.Outcome)
            .Select(g => new { g.Key, Count = g.Sum(a => a.Count) }).ToDictionaryAsync(g => g.Key, g => g.Count, Cancelled);
        Assert.Equal(200, outcomes.Values.Sum());
        Assert.Equal(5, outcomes[LoginOutcome.WrongPassword]);
        Assert.True(outcomes[LoginOutcome.LockedOut] > 0);
        Assert.Equal(200, await db.Database.SqlQueryRaw<long>(
            """SELECT CAST(SUM("Attempts") AS bigint) AS "Value" FROM "AttemptDays" """).SingleAsync(Cancelled));
    }

    [Fact]
    public async Task Every_answered_guess_of_a_node_that_is_killed_is_recorded()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        const int Loops = 4;
        await using var nodes = await Nodes.StartAsync();
        using (var ann = new WebVisitor(await nodes.B.Address, "Ann"))
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        using var guesser = new WebVisitor(await nodes.A.Address, "Guesser");
        var token = (await guesser.GetAsync("/login")).Token;
        var (answered, isKilled) = (0, false);
        var guesses = Enumerable.Range(0, Loops).Select(_ => GuessAsync()).ToList();

        await Eventually.TrueAsync(() => Volatile.Read(ref answered) >= 20, () => nodes.A.Said);
        Volatile.Write(ref isKilled, true);
        await nodes.A.KillAsync();
        await Task.WhenAll(guesses);

        await using var db = nodes.OpenDatabase();
        var recorded = await db.LoginAttempts.SumAsync(a => a.Count, Cancelled);
        // Those that were being answered may be recorded, too
        Assert.InRange(recorded, answered, answered + Loops);
        Assert.Equal(recorded, await db.Alerts.SumAsync(a => a.Attempts, Cancelled));
        using var another = new WebVisitor(await nodes.B.Address, "Guesser");
        Assert.Equal("/login", (await another.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Path);
        Assert.Equal(recorded + 1, await db.LoginAttempts.SumAsync(a => a.Count, Cancelled));

        async Task GuessAsync()
        {
            try
            {
                while (true)
                {
                    var answer = await guesser.PostAsync("/login",
                    [
                        new("__RequestVerificationToken", token), new("Email", SentinelCamApp.AnnsEmail),
                        new("Password", "a wrong password"),
                    ]);
                    Assert.NotEqual(HttpStatusCode.ServiceUnavailable, answer.Status);
                    Interlocked.Increment(ref answered);
                }
            }
            catch (HttpRequestException) when (Volatile.Read(ref isKilled))
            {
                // Its last guess has no answer
            }
        }
    }

    [Fact]
    public async Task Behind_nginx_the_other_node_answers_everything_when_one_is_killed()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        await using var nodes = await Nodes.StartAsync(("Site:Proxies", "127.0.0.1"));
        await using var nginx = await Nginx.StartAsync($$"""
            location / {
                proxy_pass http://nodes; proxy_http_version 1.1; proxy_buffering off; add_header X-Node $upstream_addr always;
                proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For {{Proxied}};
                proxy_set_header X-Forwarded-Proto $scheme;
            }
            """, $"upstream nodes {{ server {(await nodes.A.Address).Authority}; server {(await nodes.B.Address).Authority}; }}");
        // From this machine, without the proxy
        using (var first = new WebVisitor(await nodes.A.Address, "Ann"))
            await first.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        using var ann = new WebVisitor(nginx.Address, "Ann");
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        await FailAsync();
        await using var db = nodes.OpenDatabase();
        var picture = await Eventually.GetAsync(() => db.Snapshots.Where(s => s.StripOfId == null).Select(s => s.Id)
            .FirstOrDefaultAsync(), id => id > 0);

        Assert.Equal(2, (await SeeEverythingAsync()).Distinct().Count());
        // By turns, so each is on another node
        EventStream[] streams = [await EventStream.OpenAsync(ann, Events), await EventStream.OpenAsync(ann, Events)];
        await nodes.A.KillAsync();
        Assert.Equal([(await nodes.B.Address).Authority], (await SeeEverythingAsync()).Distinct());
        await await Task.WhenAny(streams.Select(BrokenAsync));
        await using var again = await EventStream.OpenAsync(ann, Events);
        Assert.Equal("open", await again.NextAsync());
        await FailAsync();
        string? name;
        do
            name = await again.NextAsync();
        while (name == "beat");
        Assert.Equal("news", name);
        Assert.All(await db.LoginAttempts.Where(a => a.Outcome == LoginOutcome.WrongPassword).Select(a => a.RemoteAddress)
            .ToListAsync(Cancelled), address => Assert.Equal(Proxied, address));
        using var another = new WebVisitor(nginx.Address, "Ann");
        Assert.Equal("/dashboard", (await another.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        foreach (var stream in streams)
            await stream.DisposeAsync();

        static async Task BrokenAsync(EventStream stream)
        {
            // Not ended in order
            var broken = await Assert.ThrowsAsync<HttpIOException>(stream.UntilEndAsync);
            Assert.Equal(HttpRequestError.ResponseEnded, broken.HttpRequestError);
        }

        async Task FailAsync()
        {
            using var intruder = new WebVisitor(nginx.Address, "Intruder");
            var answer = await intruder.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
            Assert.Equal((HttpStatusCode.OK, "/login"), (answer.Status, answer.Path));
        }

        // Each three times, so that every node has its turn
        async Task<List<string>> SeeEverythingAsync()
        {
            List<string> answered = [];
            foreach (var path in new[] { "/dashboard", "/alerts/1", "/userdata", "/settings", "/admin/accounts",
                string.Create(CultureInfo.InvariantCulture, $"/snapshots/{picture}") })
            {
                for (var i = 0; i < 3; i++)
                {
                    var answer = await ann.GetAsync(path);
                    Assert.Equal((path, HttpStatusCode.OK, path), (path, answer.Status, answer.Path));
                    // After a node that does not answer, nginx names both
                    answered.Add(answer.Headers["X-Node"].Split(", ")[^1]);
                }
            }

            return answered;
        }
    }

    [Fact]
    public async Task Node_of_the_version_before_goes_on_while_another_one_has_been_upgraded()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var smtp = ScriptedSmtpServer.Start(new SmtpScript());
        await using var nodes = await Nodes.StartAsync(smtp.Settings);
        using var ann = new WebVisitor(await nodes.A.Address, "Ann");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await nodes.B.KillAsync();
        await using var db = nodes.OpenDatabase();
        // An upgrade adds: columns that can be empty or have a default, and tables
        await db.Database.ExecuteSqlRawAsync("""
            ALTER TABLE "LoginAttempts" ADD COLUMN "Weather" text;
            ALTER TABLE "ImageLog" ADD COLUMN "Mood" text NOT NULL DEFAULT '';
            CREATE TABLE "Weathers" ("Id" bigint PRIMARY KEY);
            INSERT INTO "__EFMigrationsHistory" VALUES ('99990101000000_Weather', '10.0.0');
            INSERT INTO "SchemaVersions" ("Migration", "Version") VALUES ('99990101000000_Weather', '99.0.0');
            """, Cancelled);

        using (var guesser = new WebVisitor(await nodes.A.Address, "Guesser"))
            Assert.Equal("/login", (await guesser.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Path);
        await Eventually.TrueAsync(() => smtp.Messages.Count == 1, () => nodes.A.Said);
        Assert.NotNull((await ann.GetAsync("/userdata")).Document.QuerySelector("main img[src^='/snapshots/']"));

        await using var refused = nodes.Start("b");
        Assert.Equal(1, await refused.WaitForExitAsync());
        Assert.Contains("It needs SentinelCam 99.0.0 or later", refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>Two processes with folders of their own.</summary>
    private sealed class Nodes((string Key, string? Value)[] database, (string Key, string? Value)[] settings) : IAsyncDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-nodes-").FullName;
        private readonly ScriptedSmtpServer _mails = ScriptedSmtpServer.Start(new SmtpScript());

        public SentinelCamProcess A { get; private set; } = null!;

        public SentinelCamProcess B { get; private set; } = null!;

        public static async Task<Nodes> StartAsync(params (string Key, string? Value)[] settings)
        {
            var nodes = new Nodes(await PostgresServer.NewDatabaseAsync(), settings);
            nodes.A = nodes.Start("a");
            nodes.B = nodes.Start("b");
            try
            {
                await Task.WhenAll(nodes.A.Address, nodes.B.Address);
                return nodes;
            }
            catch
            {
                // Otherwise the other process would be left
                await nodes.DisposeAsync();
                throw;
            }
        }

        public PostgresDbContext OpenDatabase() =>
            new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(database[0].Value).Options);

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
            await _mails.DisposeAsync();
            Directory.Delete(_directory, recursive: true);
        }

        public SentinelCamProcess Start(string name) => SentinelCamProcess.Start(
            Path.Combine(_directory, name), [("Node:Name", name), .. _mails.Settings, .. database, .. settings]);
    }
}
