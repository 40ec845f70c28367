using System.Diagnostics;
using System.Globalization;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Microsoft.Data.Sqlite;
using Npgsql;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// How fast the job storage is, beside Hangfire.InMemory, Hangfire.PostgreSql where its server is installed, and a
/// bare SQLite loop in the same run:
/// dotnet run --project SentinelCam.Tests -c Release -- -explicit only -class SentinelCam.Tests.Benchmarks.JobStorageBenchmarks
/// </summary>
[Collection(nameof(JobStorageBenchmarks))]
public sealed class JobStorageBenchmarks(ITestOutputHelper output) : IDisposable
{
    private readonly Lazy<PostgresServer?> _postgres = new(PostgresServer.TryStart);
    private int _databases;

    public void Dispose()
    {
        if (_postgres.IsValueCreated) _postgres.Value?.Dispose();
    }

    [Fact(Explicit = true)]
    public void Floor_and_enqueue()
    {
        var floor = Best(3, () => Floor(20_000));
        Print("floor: bare SQLite, 3 rows a commit", floor, "commits/s");

        foreach (var threads in new[] { 1, 4 })
        {
            var ours = Best(3, () => With(Sqlite, storage => Enqueue(storage, 20_000, threads)));
            var memory = Best(3, () => With(InMemory, storage => Enqueue(storage, 20_000, threads)));
            Print($"enqueue, {threads} thread(s), SQLite", ours, "jobs/s", ours / floor);
            Print($"enqueue, {threads} thread(s), InMemory", memory, "jobs/s");
            PrintPostgres($"enqueue, {threads} thread(s), PostgreSql", storage => Enqueue(storage, 2_000, threads), "jobs/s");
        }
    }

    [Fact(Explicit = true)]
    public void Drain()
    {
        var floor = Best(3, () => Floor(20_000));
        Print("floor: bare SQLite, 3 rows a commit", floor, "commits/s");

        foreach (var workers in new[] { 4, 20 })
        {
            var ours = Best(3, () => With(Sqlite, storage => EnqueueAndDrain(storage, 5_000, workers)));
            var memory = Best(3, () => With(InMemory, storage => EnqueueAndDrain(storage, 5_000, workers)));
            Print($"drain, {workers} workers, SQLite", ours, "jobs/s", ours / floor);
            Print($"drain, {workers} workers, InMemory", memory, "jobs/s");
            PrintPostgres($"drain, {workers} workers, PostgreSql", storage => EnqueueAndDrain(storage, 2_000, workers), "jobs/s");
        }
    }

    [Fact(Explicit = true)]
    public void From_enqueue_to_start()
    {
        foreach (var round in new[] { 1, 2 })
        {
            var ours = With(Sqlite, storage => Latencies(storage, 500));
            var memory = With(InMemory, storage => Latencies(storage, 500));
            foreach (var (name, times) in new[] { ("SQLite", ours), ("InMemory", memory) })
            {
                Print($"start, {name}, median (round {round})", times[times.Length / 2], "ms");
                Print($"start, {name}, p95 (round {round})", times[times.Length * 95 / 100], "ms");
            }
        }

        PrintPostgres("start, PostgreSql, median of 200", storage => Latencies(storage, 200)[100], "ms");
    }

    [Fact(Explicit = true)]
    public void Delayed_jobs_and_jobs_of_other_processes()
    {
        using var temporary = new TemporaryStorage();
        using var server = Server(temporary.Storage, 4);
        using var other = new SqliteJobStorage(temporary.ConnectionString);
        Table.Print(
            "From the time that counts to the start of the job, ms",
            ("delayed job, from its time", Lateness(temporary.Storage, 100)),
            ("job of another storage on the file, from its enqueuing", OtherLatencies(other, 100)));
    }

    [Fact(Explicit = true)]
    public void Idle_processor_time_over_60_s()
    {
        Print("idle, no Hangfire, 60 s", ProcessorTime(), "ms of processor time");
        Print("idle, 20 workers, 60 s, SQLite", With(Sqlite, Idle), "ms of processor time");
        Print("idle, 20 workers, 60 s, InMemory", With(InMemory, Idle), "ms of processor time");
    }

    [Fact(Explicit = true)]
    public void Size_after_100_000_jobs_and_their_expiry()
    {
        using var temporary = new TemporaryStorage();
        Enqueue(temporary.Storage, 100_000, 2);
        Print("file with 100,000 enqueued jobs", Megabytes(temporary.File), "MiB");
        temporary.Storage.JobExpirationTimeout = TimeSpan.FromMilliseconds(1);
        Print("drain of 100,000, 20 workers", Run(temporary.Storage, 100_000, 20), "jobs/s");
        Print("file when all are done", Megabytes(temporary.File), "MiB");
        Print("log when all are done", Megabytes(temporary.File + "-wal"), "MiB");

        var time = Stopwatch.StartNew();
        new Expiration(temporary.Storage, new SqliteJobStorageOptions()).RemoveExpired(CancellationToken.None);
        Print("removal of the expired", time.Elapsed.TotalSeconds, "s");
        Print("file after the expiry", Megabytes(temporary.File), "MiB");
        Print("log after the expiry", Megabytes(temporary.File + "-wal"), "MiB");
    }

    private static double Floor(int commits)
    {
        var folder = Directory.CreateTempSubdirectory("floor-");
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "floor.db")};Pooling=False"))
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
            Execute(connection, "CREATE TABLE job (id INTEGER PRIMARY KEY, invocation TEXT, arguments TEXT, created_at INTEGER)");
            Execute(connection, "CREATE TABLE state (id INTEGER PRIMARY KEY, job_id INTEGER, name TEXT, data TEXT)");
            Execute(connection, "CREATE TABLE queue (id INTEGER PRIMARY KEY, queue TEXT, job_id INTEGER)");
            using var begin = Prepared(connection, "BEGIN IMMEDIATE");
            using var commit = Prepared(connection, "COMMIT");
            using var job = Prepared(connection, "INSERT INTO job VALUES ($id, $type, '[]', 1)", "$id", "$type");
            using var state = Prepared(connection, "INSERT INTO state (job_id, name, data) VALUES ($id, 'Enqueued', $data)", "$id", "$data");
            using var queue = Prepared(connection, "INSERT INTO queue (queue, job_id) VALUES ('default', $id)", "$id");

            var time = Stopwatch.StartNew();
            for (var i = 1; i <= commits; i++)
            {
                begin.ExecuteNonQuery();
                job.Parameters[0].Value = i;
                job.Parameters[1].Value = "SentinelCam.Tests.Benchmarks.JobStorageBenchmarks, SentinelCam.Tests";
                job.ExecuteNonQuery();
                state.Parameters[0].Value = i;
                state.Parameters[1].Value = "{\"EnqueuedAt\":\"1700000000000\",\"Queue\":\"default\"}";
                state.ExecuteNonQuery();
                queue.Parameters[0].Value = i;
                queue.ExecuteNonQuery();
                commit.ExecuteNonQuery();
            }

            var rate = commits / time.Elapsed.TotalSeconds;
            connection.Close();
            folder.Delete(recursive: true);
            return rate;
        }
    }

    private static double Enqueue(JobStorage storage, int jobs, int threads)
    {
        var client = new BackgroundJobClient(storage);
        client.Enqueue(() => MeasuredJob.Run());
        var time = Stopwatch.StartNew();
        var each = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < jobs / threads; i++) client.Enqueue(() => MeasuredJob.Run());
        })).ToArray();
        foreach (var thread in each) thread.Start();
        foreach (var thread in each) thread.Join();
        return jobs / time.Elapsed.TotalSeconds;
    }

    private static double EnqueueAndDrain(JobStorage storage, int jobs, int workers)
    {
        Enqueue(storage, jobs - 1, 1);
        return Run(storage, jobs, workers);
    }

    private static double Run(JobStorage storage, int jobs, int workers)
    {
        MeasuredJob.Expect(jobs);
        var time = Stopwatch.StartNew();
        using var server = Server(storage, workers);
        MeasuredJob.WaitForAll();
        return jobs / time.Elapsed.TotalSeconds;
    }

    private static double[] Latencies(JobStorage storage, int jobs)
    {
        using var server = Server(storage, 20);
        var client = new BackgroundJobClient(storage);
        var times = new double[jobs];
        for (var i = -20; i < jobs; i++)
        {
            Thread.Sleep(10);
            MeasuredJob.Expect(1);
            var enqueued = Stopwatch.GetTimestamp();
            client.Enqueue(() => MeasuredJob.Run());
            MeasuredJob.WaitForAll();
            if (i >= 0) times[i] = Stopwatch.GetElapsedTime(enqueued, MeasuredJob.LastStart).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static double[] Lateness(JobStorage storage, int jobs)
    {
        var client = new BackgroundJobClient(storage);
        return [.. Enumerable.Range(0, jobs).Select(i =>
        {
            MeasuredJob.Expect(1);
            var delay = TimeSpan.FromMilliseconds(150 + 7 * i);
            var (now, due) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow + delay);
            client.Schedule(() => MeasuredJob.Run(), due);
            MeasuredJob.WaitForAll();
            return (Stopwatch.GetElapsedTime(now, MeasuredJob.LastStart) - delay).TotalMilliseconds;
        })];
    }

    // Those of another process are noticed in the same way
    private static double[] OtherLatencies(SqliteJobStorage storage, int jobs)
    {
        var client = new BackgroundJobClient(storage);
        return [.. Enumerable.Range(0, jobs).Select(i =>
        {
            // At any moment between two looks
            Thread.Sleep(200 + 13 * i % 200);
            MeasuredJob.Expect(1);
            var enqueued = Stopwatch.GetTimestamp();
            client.Enqueue(() => MeasuredJob.Run());
            MeasuredJob.WaitForAll();
            return Stopwatch.GetElapsedTime(enqueued, MeasuredJob.LastStart).TotalMilliseconds;
        })];
    }

    private static double Idle(JobStorage storage)
    {
        using var server = Server(storage, 20);
        Thread.Sleep(5_000);
        return ProcessorTime();
    }

    private static double ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        Thread.Sleep(60_000);
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds;
    }

    private static BackgroundJobServer Server(JobStorage storage, int workers) =>
        new(new BackgroundJobServerOptions { WorkerCount = workers }, storage);

    private static T With<T>(Func<(JobStorage Storage, IDisposable Owner)> create, Func<JobStorage, T> measure)
    {
        var (storage, owner) = create();
        using (owner) return measure(storage);
    }

    private static (JobStorage Storage, IDisposable Owner) Sqlite()
    {
        var temporary = new TemporaryStorage();
        return (temporary.Storage, temporary);
    }

    private static (JobStorage Storage, IDisposable Owner) InMemory()
    {
        var storage = new InMemoryStorage();
        return (storage, storage);
    }

    private (JobStorage Storage, IDisposable Owner) Postgres()
    {
        var connectionString = _postgres.Value!.ConnectionString($"jobs{++_databases}");
        using (var connection = new NpgsqlConnection(_postgres.Value.ConnectionString("postgres")))
        {
            connection.Open();
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A number
            command.CommandText = $"CREATE DATABASE jobs{_databases}";
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }

        // At its best: it notifies workers of new jobs instead of having them poll every 15 s
        var options = new PostgreSqlStorageOptions { EnableLongPolling = true };
        return (new PostgreSqlStorage(new NpgsqlConnectionFactory(connectionString, options), options), NoOwner.Instance);
    }

    private void PrintPostgres(string what, Func<JobStorage, double> measure, string unit)
    {
        if (_postgres.Value is null)
        {
            output.WriteLine($"{what}: PostgreSQL is not installed");
            return;
        }

        try
        {
            Print(what, With(Postgres, measure), unit);
        }
        catch (TimeoutException exception)
        {
            output.WriteLine($"{what}: {exception.Message}");
        }
    }

    private static double Best(int times, Func<double> measure) => Enumerable.Range(0, times).Max(_ => measure());

    private static double Megabytes(string file) => new FileInfo(file).Length / 1024.0 / 1024.0;

    private static SqliteCommand Prepared(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The callers' texts are constants
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var parameter in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        return command;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = Prepared(connection, sql);
        command.ExecuteNonQuery();
    }

    private void Print(string what, double value, string unit, double? ofFloor = null)
    {
        var share = ofFloor is { } ratio ? $"  ({ratio:P0} of the floor)" : "";
        var line = string.Create(CultureInfo.InvariantCulture, $"{what,-45} {value,12:N2} {unit}{share}");
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}

/// <summary>Of a storage that goes with its server.</summary>
internal sealed class NoOwner : IDisposable
{
    public static readonly NoOwner Instance = new();

    public void Dispose()
    {
    }
}

/// <summary>The job that is measured: it counts itself and does nothing else.</summary>
public static class MeasuredJob
{
    private static CountdownEvent _remaining = new(1);
    private static long _lastStart;

    public static long LastStart => Volatile.Read(ref _lastStart);

    public static void Expect(int jobs) => _remaining = new CountdownEvent(jobs);

    public static void Run()
    {
        Volatile.Write(ref _lastStart, Stopwatch.GetTimestamp());
        _remaining.Signal();
    }

    public static void WaitForAll()
    {
        if (!_remaining.Wait(TimeSpan.FromMinutes(5))) throw new TimeoutException("The jobs did not finish within five minutes");
    }
}
