using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Hangfire;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures the storages of jobs side by side: how soon a job starts, and what idle nodes cost.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class JobBenchmarks
{
    private const int WarmUp = 20;
    private const int Jobs = 200;
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(60);

    /// <summary>The servers of the app.</summary>
    private static readonly (int Workers, string[] Queues)[] Servers =
        [(4, ["capture-one"]), (4, ["mails"]), (3, ["default", "joined-capture-one", "forward"])];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task From_enqueue_to_start()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        var data = DataDirectory.Open(
            new ConfigurationBuilder().AddInMemoryCollection([new("DataDirectory", directory)]).Build(), new TestEnvironment());
        var server = (await PostgresServer.NewDatabaseAsync())[0].Value!;
        var workers = new WaitingWorkers();
        using var listener = new Listener(
            new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ToString(),
            [new ListenedChannel(PostgresJobs.Channel, workers.WakeOne, workers.WakeAll)], NullLogger<Listener>.Instance);
        await listener.StartAsync(Cancelled);
        var file = new JobsFile(data, new NodeName("one"), TimeProvider.System, NullLogger<JobsFile>.Instance).Open();
        var shared = new PostgresJobs(server, workers, new NodeName("one"), new PrimaryFirst()).Open();

        var (onFile, fileRate) = await MeasureAsync(file);
        var (onServer, serverRate) = await MeasureAsync(shared);

        await listener.StopAsync(Cancelled);
        file.Dispose();
        data.Dispose();
        Directory.Delete(directory, recursive: true);
        Table.Print("From enqueue to start, one job at a time, 11 workers in 3 servers (ms)",
            ("SQLite", onFile), ("PostgreSQL", onServer));
        Table.Print("Jobs enqueued one after another (jobs/s)", ("SQLite", [fileRate]), ("PostgreSQL", [serverRate]));
    }

    [Fact(Explicit = true)]
    public async Task Two_idle_nodes_and_the_jobs_of_both()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        await using var postgres = await PostgresServer.StartOwnAsync();
        var database = await postgres.AddDatabaseAsync();
        await using var mails = ScriptedSmtpServer.Start();
        var file = await IdleAsync([SentinelCamProcess.Start(Path.Combine(directory, "file"), mails.Settings)], null, null, null);
        List<SentinelCamProcess> nodes = [];
        foreach (var name in new[] { "one", "two" })
        {
            nodes.Add(SentinelCamProcess.Start(
                Path.Combine(directory, name), [.. database, .. mails.Settings, ("Node:Name", name)]));
            await nodes[^1].Address;
        }

        List<double> connections = [];
        var idle = await IdleAsync(nodes, postgres, database[0].Value, connections);
        var busy = await AttackAsync(nodes, database[0].Value!);
        var (here, elsewhere) = await StartsAsync(database[0].Value!);
        foreach (var node in nodes)
            await node.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        Table.Print("Idle for a minute, processor time of a node with its share of PostgreSQL's (% of a core)",
            ("SQLite", [file]), ("PostgreSQL, two nodes", [idle]));
        Table.Print("Connections of a node", ("idle", connections), ("200 wrong passwords at both nodes", busy));
        Table.Print("From the creation of a job to its start, two nodes during these attempts (ms)",
            ("on the node that enqueued it", here), ("on the other", elsewhere));
    }

    private static async Task<(List<double> Times, double Rate)> MeasureAsync(JobStorage storage)
    {
        var client = new BackgroundJobClient(storage);
        var servers = Servers.Select(server => new BackgroundJobServer(new BackgroundJobServerOptions
        {
            WorkerCount = server.Workers,
            Queues = server.Queues,
            Activator = new JobActivator(),
            IsLightweightServer = server.Queues[0] != "default",
        }, storage)).ToList();
        List<double> times = [];
        for (var i = -WarmUp; i < Jobs; i++)
        {
            var id = Guid.NewGuid();
            var started = TimedJob.Expect(id);
            var begun = Stopwatch.GetTimestamp();
            client.Enqueue(i % 2 == 0 ? "mails" : "capture-one", () => TimedJob.Run(id));
            var at = await started.WaitAsync(Eventually.Patience, Cancelled);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds);
            // So that the workers wait again
            await Task.Delay(20, Cancelled);
        }

        var from = Stopwatch.GetTimestamp();
        for (var i = 0; i < Jobs; i++)
            client.Enqueue("default", () => TimedJob.Run(Guid.Empty));
        var rate = Jobs / Stopwatch.GetElapsedTime(from).TotalSeconds;
        foreach (var server in servers)
            server.Dispose();
        return (times, rate);
    }

    /// <summary>The processor time of each process and its share of the server's, in percent of a core.</summary>
    private static async Task<double> IdleAsync(
        List<SentinelCamProcess> nodes, PostgresServer? postgres, string? server, List<double>? connections)
    {
        foreach (var node in nodes)
            await node.Address;
        await Task.Delay(TimeSpan.FromSeconds(30), Cancelled);
        var (before, begun) = (Used(nodes, postgres), Stopwatch.GetTimestamp());
        await Task.Delay(IdleFor, Cancelled);
        var used = Used(nodes, postgres) - before;
        if (connections is not null)
            connections.Add(await ConnectionsAsync(server!) / (double)nodes.Count);
        var share = used / Stopwatch.GetElapsedTime(begun) / nodes.Count * 100;
        if (postgres is null)
            await nodes[0].DisposeAsync();
        return share;
    }

    private static TimeSpan Used(List<SentinelCamProcess> nodes, PostgresServer? postgres)
    {
        var used = TimeSpan.FromTicks(nodes.Sum(node => node.ProcessorTime.Ticks));
        if (postgres is null)
            return used;
        var postmaster = postgres.ReadProcessId();
        var ticks = 0L;
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id))
                continue;
            try
            {
                var fields = Fields(id);
                // Its own time, and, of the server's first process, that of all its children that have ended
                if (id == postmaster)
                    ticks += fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
                else if (fields[1] == postmaster.ToString(CultureInfo.InvariantCulture))
                    ticks += fields[11..13].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It has ended
            }
        }

        // Linux counts in hundredths of a second
        return used + TimeSpan.FromMilliseconds(ticks * 10);

        // After the program's name, which may contain spaces
        static string[] Fields(int id) => File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ');
    }

    /// <summary>200 wrong passwords, half at each node.</summary>
    /// <returns>The connections of a node, looked at every 100 ms.</returns>
    private static async Task<List<double>> AttackAsync(List<SentinelCamProcess> nodes, string server)
    {
        using var visitor = new WebVisitor(await nodes[0].Address, "Tests/1.0");
        await visitor.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        var attack = Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 40, CancellationToken = Cancelled },
            async (i, _) =>
            {
                using var guesser = new WebVisitor(await nodes[i % 2].Address, "Guesser/1.0");
                await guesser.SignInAsync(SentinelCamApp.AnnsEmail, "not the password at all");
            });
        List<double> seen = [];
        while (!attack.IsCompleted)
        {
            seen.Add(await ConnectionsAsync(server) / (double)nodes.Count);
            await Task.Delay(100, Cancelled);
        }

        await attack;
        await Task.Delay(TimeSpan.FromSeconds(10), Cancelled);
        return seen;
    }

    private static async Task<long> ConnectionsAsync(string server) =>
        (await ReadAsync(server, """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
            """, reader => reader.GetInt64(0)))[0];

    private static async Task<(List<double> Here, List<double> Elsewhere)> StartsAsync(string server)
    {
        // Node "one" started first, and starts the work
        var starts = await ReadAsync(server, """
            SELECT s."data"->>'ServerId', extract(epoch FROM s."createdat" - j."createdat") * 1000
            FROM "hangfire"."job" j JOIN "hangfire"."state" s ON s."jobid" = j."id" AND s."name" = 'Processing'
            WHERE j."arguments"::text NOT LIKE '[]'
            """, reader => (Server: reader.GetString(0), Time: (double)reader.GetDecimal(1)));
        return (
            [.. starts.Where(s => s.Server.StartsWith("one/", StringComparison.Ordinal)).Select(s => s.Time)],
            [.. starts.Where(s => s.Server.StartsWith("two/", StringComparison.Ordinal)).Select(s => s.Time)]);
    }

    private static async Task<List<T>> ReadAsync<T>(string server, string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ToString());
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        List<T> rows = [];
        while (await reader.ReadAsync(Cancelled))
            rows.Add(read(reader));
        return rows;
    }
}

/// <summary>A job that notes when it started.</summary>
public static class TimedJob
{
    private static readonly ConcurrentDictionary<Guid, TaskCompletionSource<long>> Expected = new();

    public static Task<long> Expect(Guid id) =>
        Expected.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public static void Run(Guid id)
    {
        if (Expected.TryRemove(id, out var started))
            started.SetResult(Stopwatch.GetTimestamp());
    }
}
