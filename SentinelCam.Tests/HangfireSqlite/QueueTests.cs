using System.Collections.Concurrent;
using System.Diagnostics;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Taking jobs from queues, and being woken for them.</summary>
public sealed class QueueTests : IDisposable
{
    // What wakes a worker in these tests is a signal, never a look at intervals
    private readonly TemporaryStorage _temporary = new(new SqliteJobStorageOptions { ChangeCheckInterval = TimeSpan.FromHours(1) });
    private readonly JobStorageConnection _connection;

    public QueueTests() => _connection = _temporary.Connect();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task No_job_is_taken_twice_by_workers_of_two_storages()
    {
        const int Jobs = 400;
        var ids = Enumerable.Range(0, Jobs).Select(_ => _connection.Enqueue()).ToHashSet();
        var taken = new ConcurrentBag<string>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        SqliteJobStorage[] storages = [_temporary.Storage, _temporary.OpenAnother()];

        var workers = Enumerable.Range(0, 16).Select(i => Task.Factory.StartNew(
            () =>
            {
                using var connection = storages[i % 2].GetConnection();
                while (taken.Count < Jobs)
                {
                    using var job = connection.FetchNextJob(["default"], enough.Token);
                    job.RemoveFromQueue();
                    taken.Add(job.JobId);
                    if (taken.Count == Jobs) enough.Cancel();
                }
            },
            Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

        foreach (var worker in workers)
        {
            try
            {
                await worker.WaitAsync(Signals.Patience, Token);
            }
            catch (OperationCanceledException)
            {
                Assert.True(enough.IsCancellationRequested);
            }
        }

        Assert.Equal(Jobs, taken.Count);
        Assert.Equal(ids, taken.ToHashSet());
    }

    [Fact]
    public async Task As_many_workers_wake_as_jobs_come()
    {
        var workers = Enumerable.Range(0, 4).Select(_ => FetchAsync("default")).ToArray();
        _connection.Commit(Enumerable.Range(0, 4).Select(_ => _connection.CreateJob()).Select(AddTo("default")).ToArray());
        var jobs = await Task.WhenAll(workers);
        Assert.Equal(4, jobs.Distinct().Count());
    }

    [Fact]
    public async Task A_worker_of_several_queues_that_takes_another_job_passes_its_signal_on()
    {
        // Both wait; the first listens to both queues, and is signalled for one and finds the other first
        var both = FetchAsync("high", "low");
        var low = FetchAsync("low");
        _connection.Commit(AddTo("low")(_connection.CreateJob()), AddTo("high")(_connection.CreateJob()));
        await Task.WhenAll(both, low);
    }

    [Fact]
    public void A_worker_that_leaves_passes_its_signal_on()
    {
        var signals = new QueueSignals();
        var leaver = signals.Register(["default"]);
        using var deaf = signals.Register(["other"]);
        using var stayer = signals.Register(["default"]);
        signals.Signal("default", 1);
        leaver.Dispose();
        Assert.Equal("default", stayer.Wait(Token));
    }

    [Fact]
    public void Workers_are_woken_no_more_than_there_are_jobs()
    {
        var signals = new QueueSignals();
        using var first = signals.Register(["default"]);
        using var second = signals.Register(["default"]);
        signals.Signal("default", 1);
        Assert.Equal("default", first.Wait(Token));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => second.Wait(soon.Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_another_storage_enqueues_is_noticed(bool nothingWasWrittenForAnHour)
    {
        using var other = new SqliteJobStorage(
            _temporary.ConnectionString, new SqliteJobStorageOptions { ChangeCheckInterval = TimeSpan.FromMilliseconds(50) });
        var fetching = Task.Factory.StartNew(
            () =>
            {
                using var connection = other.GetConnection();
                using var job = connection.FetchNextJob(["default"], Token);
                job.RemoveFromQueue();
                return job.JobId;
            },
            Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(SpinWait.SpinUntil(() => other.Signals.WaitedFor().Count == 1, Signals.Patience));
        if (nothingWasWrittenForAnHour)
        {
            // Long enough for a look that finds the log at rest; a shorter time would make the test weaker, not wrong
            File.SetLastWriteTimeUtc(_temporary.File + "-wal", DateTime.UtcNow.AddHours(-1));
            await Task.Delay(300, Token);
        }

        var id = _connection.Enqueue();
        Assert.Equal(id, await fetching.WaitAsync(Signals.Patience, Token));
    }

    [Fact]
    public async Task A_job_of_another_storage_is_noticed_soon_with_the_default_options()
    {
        using var other = new SqliteJobStorage(_temporary.ConnectionString);
        var waited = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var fetching = Task.Factory.StartNew(
                () =>
                {
                    using var connection = other.GetConnection();
                    using var job = connection.FetchNextJob(["default"], Token);
                    job.RemoveFromQueue();
                    return Stopwatch.GetTimestamp();
                },
                Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Assert.True(SpinWait.SpinUntil(() => other.Signals.WaitedFor().Count == 1, Signals.Patience));
            var enqueued = Stopwatch.GetTimestamp();
            _connection.Enqueue();
            waited.Add(Stopwatch.GetElapsedTime(enqueued, await fetching.WaitAsync(Signals.Patience, Token)));
        }

        // How long exactly is measured in the benchmarks: here others may have the processor
        Assert.InRange(waited.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_queue_that_became_empty_is_still_shown()
    {
        _connection.Enqueue("once");
        using (var job = _connection.FetchNextJob(["once"], Token)) job.RemoveFromQueue();
        Assert.Equal(("once", 0), _temporary.Monitor().Queues().Select(queue => (queue.Name, queue.Length)).Single());
    }

    private static Func<string, Action<JobStorageTransaction>> AddTo(string queue) => id => t => t.AddToQueue(queue, id);

    // Returns once the worker waits
    private Task<string> FetchAsync(params string[] queues)
    {
        var before = _temporary.Storage.Signals.WaitedFor().Values.Sum();
        var fetching = Task.Factory.StartNew(
            () =>
            {
                using var connection = _temporary.Storage.GetConnection();
                using var job = connection.FetchNextJob(queues, Token);
                job.RemoveFromQueue();
                return job.JobId;
            },
            Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        SpinWait.SpinUntil(
            () => fetching.IsCompleted || _temporary.Storage.Signals.WaitedFor().Values.Sum() > before, Signals.Patience);
        return fetching.WaitAsync(Signals.Patience, Token);
    }
}
