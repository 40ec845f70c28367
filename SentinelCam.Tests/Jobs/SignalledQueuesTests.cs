using System.Collections.Concurrent;
using Hangfire;
using Hangfire.Storage.SQLite;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>
/// The queues on a real file. Unless a test says otherwise they poll once an hour, so that only a signal can wake a worker.
/// </summary>
public sealed class SignalledQueuesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly CancellationTokenSource _shutdown = new();

    [Fact]
    public async Task New_job_wakes_a_waiting_worker()
    {
        using var storage = Open();
        var worker = Task.Factory.StartNew(
            () => Enumerable.Range(0, 20).Select(_ => Take(storage, "capture")).ToList(),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        // From the second job on the worker waits for the next, since it has taken the one before
        List<string> enqueued = [];
        for (var i = 0; i < 20; i++)
        {
            enqueued.Add(Enqueue(storage, "capture"));
            await Eventually.TrueAsync(() => storage.GetMonitoringApi().GetStatistics().Queues == 0);
        }

        Assert.Equal(enqueued, await worker.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Job_wakes_one_worker_of_its_own_queue()
    {
        var workers = new WaitingWorkers();
        using var other = workers.Join(["capture"], CancellationToken.None);
        using var first = workers.Join(["default", "joined-capture"], CancellationToken.None);
        using var second = workers.Join(["default", "joined-capture"], CancellationToken.None);

        workers.WakeOne("joined-capture");

        Assert.Equal([false, true, false], new[] { other, first, second }.Select(turn => turn.End.IsCancellationRequested));
    }

    [Fact]
    public async Task Queue_that_is_named_earlier_goes_first()
    {
        using var storage = Open();
        var joined = Enqueue(storage, "joined-capture");
        var later = Enqueue(storage, "default");
        var last = Enqueue(storage, "default");

        List<string> taken = [];
        for (var i = 0; i < 3; i++)
            taken.Add(await TakeAsync(storage, "default", "joined-capture")
                .WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));

        Assert.Equal([later, last, joined], taken);
    }

    [Fact]
    public async Task Jobs_enqueued_in_parallel_are_each_taken_exactly_once()
    {
        using var storage = Open();
        var taken = new ConcurrentQueue<string>();
        var workers = Enumerable.Range(0, 5).Select(_ => Task.Factory.StartNew(() =>
        {
            while (!_shutdown.IsCancellationRequested)
            {
                try
                {
                    taken.Enqueue(Take(storage, "default", "joined-capture"));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }, TaskCreationOptions.LongRunning)).ToList();

        // Between bursts the workers wait, and a lost signal would leave its job in the queue for an hour
        var enqueued = new ConcurrentQueue<string>();
        for (var burst = 0; burst < 100; burst++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4)
                .Select(i => Task.Run(() => enqueued.Enqueue(Enqueue(storage, i % 2 == 0 ? "default" : "joined-capture")))));
            var soFar = enqueued.Count;
            await Eventually.TrueAsync(() => taken.Count >= soFar);
        }

        await _shutdown.CancelAsync();
        await Task.WhenAll(workers).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(enqueued.Order(), taken.Order());
    }

    [Fact]
    public async Task Waiting_worker_stops_at_once_when_the_server_does()
    {
        using var storage = Open();
        var worker = TakeAsync(storage, "mails");

        await _shutdown.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => worker.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Job_that_a_worker_returns_is_found_by_the_poll_of_another()
    {
        using var storage = Open(poll: TimeSpan.FromMilliseconds(100));
        var id = Enqueue(storage, "mails");
        using var connection = storage.GetConnection();
        using var job = connection.FetchNextJob(["mails"], TestContext.Current.CancellationToken);
        var other = TakeAsync(storage, "mails");

        job.Requeue();

        Assert.Equal(id, await other.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Real_server_runs_each_job_once()
    {
        // A worker may return a job to its queue, where only the poll finds it
        using var storage = Open(poll: TimeSpan.FromSeconds(5));
        var client = new BackgroundJobClient(storage);
        var name = Path.GetFileName(_directory);
        var options = new BackgroundJobServerOptions
        {
            WorkerCount = 4,
            Queues = ["default", "joined-capture"],
            // The default is that of the last app that a test started, which may have been disposed
            Activator = new JobActivator(),
        };
        using (new BackgroundJobServer(options, storage))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
            {
                for (var i = 0; i < 25; i++)
                    client.Enqueue(i % 2 == 0 ? "default" : "joined-capture", () => CountedJob.Run($"{name}-{thread}-{i}"));
            })));
            await Eventually.TrueAsync(
                () => storage.GetMonitoringApi().GetStatistics() is { Enqueued: 0, Processing: 0, Succeeded: 100 },
                patience: TimeSpan.FromMinutes(4));
        }

        var runs = CountedJob.Runs.Where(run => run.StartsWith(name, StringComparison.Ordinal)).ToList();
        Assert.Equal(100, runs.Count);
        Assert.Equal(100, runs.Distinct().Count());
    }

    [Fact]
    public void Each_queue_is_listed_once()
    {
        using var storage = Open();
        Enqueue(storage, "capture");
        Enqueue(storage, "mails");
        Enqueue(storage, "mails");

        Assert.Equal([("capture", 1), ("mails", 2)],
            storage.GetMonitoringApi().Queues().OrderBy(queue => queue.Name).Select(queue => (queue.Name, queue.Length)));
    }

    [Fact]
    public void Unused_wake_up_goes_to_the_next_worker()
    {
        var workers = new WaitingWorkers();
        var first = workers.Join(["default"], CancellationToken.None);
        using var second = workers.Join(["mails"], CancellationToken.None);
        using var third = workers.Join(["mails", "default"], CancellationToken.None);
        workers.WakeOne("default");
        Assert.True(first.End.IsCancellationRequested);
        Assert.False(third.End.IsCancellationRequested);

        // It found another job before it noticed
        first.Dispose();

        Assert.False(second.End.IsCancellationRequested);
        Assert.True(third.End.IsCancellationRequested);
    }

    [Fact]
    public void Worker_that_looks_again_wakes_no_other()
    {
        var workers = new WaitingWorkers();
        var first = workers.Join(["default"], CancellationToken.None);
        using var second = workers.Join(["default"], CancellationToken.None);
        workers.WakeOne("default");

        first.LookAgain();
        first.Dispose();

        Assert.False(second.End.IsCancellationRequested);
    }

    public void Dispose()
    {
        _shutdown.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private SQLiteStorage Open(TimeSpan? poll = null)
    {
        var options = new SQLiteStorageOptions { QueuePollInterval = poll ?? TimeSpan.FromHours(1) };
        var storage = new SQLiteStorage(Path.Combine(_directory, "jobs.db"), options);
        storage.QueueProviders.Add(new SignalledQueues(options), ["default", "mails", "capture", "joined-capture"]);
        return storage;
    }

    private static string Enqueue(SQLiteStorage storage, string queue) =>
        new BackgroundJobClient(storage).Enqueue(queue, () => CountedJob.Run("never run"));

    private Task<string> TakeAsync(SQLiteStorage storage, params string[] queues) =>
        Task.Factory.StartNew(
            () => Take(storage, queues), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private string Take(SQLiteStorage storage, params string[] queues)
    {
        using var connection = storage.GetConnection();
        using var job = connection.FetchNextJob(queues, _shutdown.Token);
        job.RemoveFromQueue();
        return job.JobId;
    }
}

/// <summary>A job that notes that it ran.</summary>
public static class CountedJob
{
    public static ConcurrentQueue<string> Runs { get; } = new();

    public static void Run(string name) => Runs.Enqueue(name);
}
