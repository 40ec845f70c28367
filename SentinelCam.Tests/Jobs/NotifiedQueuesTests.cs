using System.Collections.Concurrent;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>
/// Hangfire's queues on a real PostgreSQL. Unless a test says otherwise they poll once an hour, so that only a signal can wake a
/// worker.
/// </summary>
public sealed class NotifiedQueuesTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _shutdown = new();
    private readonly WaitingWorkers _workers = new();
    private string _server = "";
    private Listener? _listener;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _server = (await PostgresServer.NewDatabaseAsync())[0].Value!;
    }

    [Fact]
    public async Task New_job_of_another_node_wakes_a_waiting_worker()
    {
        var storage = Open();
        await ListenAsync();
        var worker = Task.Factory.StartNew(
            () => Enumerable.Range(0, 10).Select(_ => Take(storage, "mails")).ToList(),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        List<string> enqueued = [];
        for (var i = 0; i < 10; i++)
        {
            enqueued.Add(await EnqueueElsewhereAsync(storage, "mails"));
            await UntilTakenAsync();
        }

        Assert.Equal(enqueued, await worker.WaitAsync(Eventually.Patience, Cancelled));
    }

    [Fact]
    public async Task Jobs_that_came_while_nobody_listened_are_taken_when_the_connection_is_back()
    {
        var storage = Open();
        await ListenAsync();
        var worker = TakeAsync(storage, "mails");
        Assert.Equal(1, await ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity " + Listening));
        await Eventually.TrueAsync(async () => await ScalarAsync("SELECT count(*) FROM pg_stat_activity " + Listening) == 0);

        var id = await EnqueueElsewhereAsync(storage, "mails");

        Assert.Equal(id, await worker.WaitAsync(Eventually.Patience, Cancelled));
        var next = TakeAsync(storage, "mails");
        id = await EnqueueElsewhereAsync(storage, "mails");
        Assert.Equal(id, await next.WaitAsync(Eventually.Patience, Cancelled));
    }

    [Fact]
    public async Task Without_signals_the_poll_finds_a_job()
    {
        var storage = Open(poll: TimeSpan.FromSeconds(1));
        var worker = TakeAsync(storage, "mails");

        var id = await EnqueueElsewhereAsync(storage, "mails");

        Assert.Equal(id, await worker.WaitAsync(Eventually.Patience, Cancelled));
    }

    [Fact]
    public async Task Job_of_a_dead_node_is_taken_by_another()
    {
        var storage = Open(poll: TimeSpan.FromSeconds(1), invisibility: TimeSpan.FromSeconds(3));
        var id = await EnqueueElsewhereAsync(storage, "mails");
        using var connection = storage.GetConnection();
        // Without a server that says so, nobody knows that it is still being worked on
        var fetched = connection.FetchNextJob(["mails"], Cancelled);

        Assert.Equal(id, await TakeAsync(storage, "mails").WaitAsync(Eventually.Patience, Cancelled));
        // Too late
        fetched.RemoveFromQueue();
    }

    [Fact]
    public async Task Long_job_runs_once_although_it_takes_longer_than_a_dead_node_is_waited_for()
    {
        var storage = Open(poll: TimeSpan.FromSeconds(1), invisibility: TimeSpan.FromSeconds(5));
        var name = Guid.NewGuid().ToString();
        var options = new BackgroundJobServerOptions { WorkerCount = 3, Queues = ["mails"], Activator = new JobActivator() };
        using var server = new BackgroundJobServer(options, storage);
        new BackgroundJobClient(storage).Enqueue("mails", () => LongJob.Run(name, 12));

        await Eventually.TrueAsync(() => storage.GetMonitoringApi().GetStatistics() is { Succeeded: 1, Processing: 0 });

        Assert.Equal(1, LongJob.Runs[name]);
    }

    [Fact]
    public async Task Nodes_that_start_at_the_same_time_make_the_schema_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Open(), Cancelled)));

        Assert.Equal(1, await ScalarAsync("""SELECT count(*) FROM "hangfire"."schema" """));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM pg_trigger WHERE tgname = 'sentinelcam_new_job'"));
    }

    [Fact]
    public void Each_queue_is_listed_once()
    {
        var storage = Open();
        var client = new BackgroundJobClient(storage);
        foreach (var queue in new[] { "capture-one", "mails", "mails" })
            client.Enqueue(queue, () => CountedJob.Run("never run"));

        Assert.Equal([("capture-one", 1L), ("mails", 2L)],
            storage.GetMonitoringApi().Queues().Select(queue => (queue.Name, queue.Length)));
        var found = new JobsInQueues(storage);
        found.Read();
        Assert.Null(found.Take(("mails", 1)));
    }

    [Fact]
    public void Jobs_that_another_node_enqueued_are_found_by_their_work()
    {
        var storage = Open();
        var id = new BackgroundJobClient(storage).Create(
            Job.FromExpression<SendAlertJob>(job => job.RunAsync(42, CancellationToken.None)), new EnqueuedState("mails"));
        var found = new JobsInQueues(storage);

        found.Read();

        Assert.Equal(id, found.Take(("mails", 42)));
        Assert.Null(found.Take(("mails", 42)));
    }

    [Fact]
    public async Task Jobs_of_a_removed_node_are_removed_and_those_of_a_dead_one_stay()
    {
        var jobs = Jobs();
        var client = new BackgroundJobClient(jobs.Open());
        await ScalarAsync("""
            INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "ClockAheadMs")
                VALUES ('dead', 0, 0, '', '', '', 0) RETURNING 0
            """);
        foreach (var queue in new[] { "capture-dead", "joined-capture-dead", "capture-gone", "joined-capture-gone", "mails" })
            client.Enqueue(queue, () => CountedJob.Run("never run"));

        jobs.CleanUp();

        Assert.Equal(3, await ScalarAsync("""SELECT count(*) FROM "hangfire"."job" """));
        Assert.Equal(3, await ScalarAsync("""
            SELECT count(*) FROM "hangfire"."jobqueue" WHERE "queue" IN ('capture-dead', 'joined-capture-dead', 'mails')
            """));
        Assert.Equal(3, await ScalarAsync("""SELECT count(*) FROM "hangfire"."jobqueue" """));
    }

    public async ValueTask DisposeAsync()
    {
        await _shutdown.CancelAsync();
        if (_listener is not null)
            await _listener.StopAsync(CancellationToken.None);
        _listener?.Dispose();
        _shutdown.Dispose();
    }

    private const string Listening = "WHERE datname = current_database() AND query LIKE 'LISTEN%'";

    private JobStorage Open(TimeSpan? poll = null, TimeSpan? invisibility = null) => Jobs(poll, invisibility).Open();

    private PostgresJobs Jobs(TimeSpan? poll = null, TimeSpan? invisibility = null) =>
        new(_server, _workers, new NodeName("one"), new PrimaryFirst())
        {
            Poll = poll ?? TimeSpan.FromHours(1),
            Invisibility = invisibility ?? TimeSpan.FromMinutes(1),
        };

    private async Task ListenAsync()
    {
        var connected = new TaskCompletionSource();
        var channel = new ListenedChannel(PostgresJobs.Channel, _workers.WakeOne, () =>
        {
            _workers.WakeAll();
            connected.TrySetResult();
        });
        var settings = new NpgsqlConnectionStringBuilder(_server) { Pooling = false };
        _listener = new Listener(settings.ToString(), [channel], NullLogger<Listener>.Instance);
        await _listener.StartAsync(Cancelled);
        await connected.Task.WaitAsync(Eventually.Patience, Cancelled);
    }

    /// <summary>Enqueues as another process does: within one, Hangfire.PostgreSql has a signal of its own.</summary>
    private async Task<string> EnqueueElsewhereAsync(JobStorage storage, string queue)
    {
        using var connection = storage.GetConnection();
        var job = Job.FromExpression(() => CountedJob.Run("never run"));
        var id = connection.CreateExpiredJob(job, new Dictionary<string, string>(), DateTime.UtcNow, TimeSpan.FromHours(1));
        await ScalarAsync($"""INSERT INTO "hangfire"."jobqueue" ("jobid", "queue") VALUES ({id}, '{queue}') RETURNING "id" """);
        return id;
    }

    private Task UntilTakenAsync() =>
        Eventually.TrueAsync(async () => await ScalarAsync("""SELECT count(*) FROM "hangfire"."jobqueue" """) == 0);

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancelled), null);
    }

    private Task<string> TakeAsync(JobStorage storage, params string[] queues) =>
        Task.Factory.StartNew(
            () => Take(storage, queues), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private string Take(JobStorage storage, params string[] queues)
    {
        using var connection = storage.GetConnection();
        using var job = connection.FetchNextJob(queues, _shutdown.Token);
        job.RemoveFromQueue();
        return job.JobId;
    }
}

/// <summary>A job that takes some seconds and counts its runs.</summary>
public static class LongJob
{
    public static ConcurrentDictionary<string, int> Runs { get; } = new();

    public static void Run(string name, int seconds)
    {
        Runs.AddOrUpdate(name, 1, (_, count) => count + 1);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
    }
}
