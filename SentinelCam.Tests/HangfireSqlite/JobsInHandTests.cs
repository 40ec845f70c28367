using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>The job that is taken for a worker in the transaction that acknowledges its last one.</summary>
public sealed class JobsInHandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryStorage _temporary;
    private readonly JobStorageConnection _connection;

    public JobsInHandTests()
    {
        _temporary = new TemporaryStorage(new SqliteJobStorageOptions { TimeProvider = _clock });
        _connection = _temporary.Connect();
    }

    public void Dispose()
    {
        _connection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void The_worker_gets_it_without_another_commit()
    {
        Acknowledge(FetchFirstOfTwo());
        Assert.Equal((0, 1), Counts("default"));

        var before = Version();
        using var job = Fetch("default");
        Assert.Equal(before, Version());
        job.RemoveFromQueue();
        Assert.Equal((0, 0), Counts("default"));
    }

    [Fact]
    public void One_that_nobody_comes_for_goes_back_to_its_place()
    {
        var first = FetchFirstOfTwo();
        Acknowledge(first);
        var later = _connection.Enqueue();
        _clock.Advance(Patience);
        Assert.Equal((2, 0), Counts("default"));
        using var next = Fetch("default");
        using var last = Fetch("default");
        Assert.NotEqual(later, next.JobId);
        Assert.Equal(later, last.JobId);
    }

    [Fact]
    public void It_wakes_a_worker_that_waits_when_it_goes_back()
    {
        Acknowledge(FetchFirstOfTwo());
        using var waiter = _temporary.Storage.Signals.Register(["default"]);
        _clock.Advance(Patience);
        using var patience = new CancellationTokenSource(Signals.Patience);
        Assert.Equal("default", waiter.Wait(patience.Token));
    }

    [Fact]
    public void A_worker_of_other_queues_does_not_get_it()
    {
        Acknowledge(FetchFirstOfTwo());
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        Assert.Throws<OperationCanceledException>(() => _connection.FetchNextJob(["other"], soon.Token));
        Assert.Equal((0, 1), Counts("default"));
    }

    [Fact]
    public void It_does_not_go_before_a_job_that_another_worker_has_to_take_first()
    {
        Acknowledge(FetchFirstOfTwo());
        var critical = _connection.Enqueue("critical");
        using var job = Fetch("critical", "default");
        Assert.Equal(critical, job.JobId);
        Assert.Equal((0, 1), Counts("default"));
    }

    [Fact]
    public void It_is_the_first_of_the_first_queue_that_its_worker_listens_to()
    {
        _connection.Enqueue("second");
        var job = Fetch("first", "second");
        _connection.Enqueue("second");
        _connection.Enqueue("first");
        Acknowledge(job);
        Assert.Equal((0, 1), Counts("first"));
        Assert.Equal((1, 0), Counts("second"));
    }

    [Fact]
    public void A_storage_that_closes_gives_it_back()
    {
        var other = _temporary.OpenAnother();
        _connection.Enqueue();
        var second = _connection.Enqueue();
        using (var connection = (JobStorageConnection)other.GetConnection())
        {
            using var patience = new CancellationTokenSource(Signals.Patience);
            var job = connection.FetchNextJob(["default"], patience.Token);
            connection.Commit(t => t.RemoveFromQueue(job));
        }

        Assert.Equal((0, 1), Counts("default"));
        other.Dispose();
        using var next = Fetch("default");
        Assert.Equal(second, next.JobId);
    }

    [Fact]
    public void None_is_taken_when_the_transaction_fails()
    {
        var job = FetchFirstOfTwo();
        _temporary.Storage.Database.Write(static session => session.ExecuteOnce(
            "CREATE TRIGGER no_way BEFORE INSERT ON counter BEGIN SELECT RAISE(ABORT, 'no way'); END"));
        Assert.ThrowsAny<Exception>(() => _connection.Commit(t => t.IncrementCounter("c"), t => t.RemoveFromQueue(job)));
        Assert.Equal((1, 1), Counts("default"));
        job.Dispose();
        Assert.Equal((2, 0), Counts("default"));
    }

    [Fact]
    public async Task A_worker_that_gets_it_passes_the_signal_for_another_job_on()
    {
        // Neither the clock nor a look at the file wakes anybody here
        using var temporary = new TemporaryStorage(
            new SqliteJobStorageOptions { TimeProvider = _clock, ChangeCheckInterval = TimeSpan.FromHours(1) });
        using var connection = temporary.Connect();
        var first = connection.Enqueue();
        using var patience = new CancellationTokenSource(Signals.Patience);
        var job = connection.FetchNextJob(["default"], patience.Token);
        Assert.Equal(first, job.JobId);
        var workers = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using var mine = temporary.Connect();
                return mine.FetchNextJob(["default"], patience.Token).JobId;
            },
            patience.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Assert.True(SpinWait.SpinUntil(() => temporary.Storage.Signals.WaitedFor().GetValueOrDefault("default") == 2, Signals.Patience));

        using var other = (JobStorageConnection)temporary.OpenAnother().GetConnection();
        var second = other.Enqueue();
        connection.Commit(t => t.RemoveFromQueue(job));
        var third = connection.Enqueue();
        Assert.Equal(new[] { second, third }.Order(), (await Task.WhenAll(workers)).Order());
    }

    private IFetchedJob FetchFirstOfTwo()
    {
        _connection.Enqueue();
        _connection.Enqueue();
        return Fetch("default");
    }

    private void Acknowledge(IFetchedJob job) => _connection.Commit(t => t.RemoveFromQueue(job));

    private IFetchedJob Fetch(params string[] queues)
    {
        using var patience = new CancellationTokenSource(Signals.Patience);
        return _connection.FetchNextJob(queues, patience.Token);
    }

    private long Version() => _temporary.Storage.Database.DataVersion().Number;

    private (long Enqueued, long Fetched) Counts(string queue) =>
        (_temporary.Monitor().EnqueuedCount(queue), _temporary.Monitor().FetchedCount(queue));
}
