using Hangfire;
using Hangfire.Storage;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Distributed locks. That they die with their process is shown in <see cref="ProcessTests"/>.</summary>
public sealed class LockTests : IDisposable
{
    private readonly TemporaryStorage _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Two_storages_on_one_file_exclude_each_other()
    {
        using var mine = _temporary.Connect();
        using var theirs = _temporary.OpenAnother().GetConnection();
        using (mine.AcquireDistributedLock("resource", TimeSpan.Zero))
            Assert.Throws<DistributedLockTimeoutException>(() => theirs.AcquireDistributedLock("resource", TimeSpan.Zero));
        using var free = theirs.AcquireDistributedLock("resource", TimeSpan.Zero);
    }

    [Fact]
    public void Closing_one_storage_leaves_the_locks_of_the_other()
    {
        using var mine = _temporary.Connect();
        var another = _temporary.OpenAnother();
        using var held = mine.AcquireDistributedLock("resource", TimeSpan.Zero);
        another.Dispose();
        using var theirs = _temporary.OpenAnother().GetConnection();
        Assert.Throws<DistributedLockTimeoutException>(() => theirs.AcquireDistributedLock("resource", TimeSpan.Zero));
    }

    [Fact]
    public async Task A_waiter_gets_the_lock_when_it_is_released()
    {
        using var mine = _temporary.Connect();
        using var theirs = _temporary.Connect();
        var held = mine.AcquireDistributedLock("resource", TimeSpan.Zero);
        var waiting = Task.Run(() => theirs.AcquireDistributedLock("resource", Signals.Patience), Token);
        Assert.False(waiting.IsCompleted);
        held.Dispose();
        using var got = await waiting.WaitAsync(Signals.Patience, Token);
    }

    [Fact]
    public async Task Many_workers_pass_one_lock_on_one_at_a_time()
    {
        var inside = 0;
        var worst = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, (_, _) =>
        {
            using var connection = _temporary.Connect();
            using var held = connection.AcquireDistributedLock("resource", Signals.Patience);
            worst = Math.Max(worst, Interlocked.Increment(ref inside));
            Interlocked.Decrement(ref inside);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(1, worst);
    }

    [Fact]
    public void A_connection_that_is_closed_lets_go_of_its_locks()
    {
        using (var forgetful = _temporary.Connect()) forgetful.AcquireDistributedLock("resource", TimeSpan.Zero);
        using var mine = _temporary.Connect();
        using var held = mine.AcquireDistributedLock("resource", TimeSpan.Zero);
    }

    [Fact]
    public void A_lock_that_is_released_twice_takes_nothing_from_the_next_owner()
    {
        using var mine = _temporary.Connect();
        using var theirs = _temporary.Connect();
        var held = mine.AcquireDistributedLock("resource", TimeSpan.Zero);
        held.Dispose();
        using var next = theirs.AcquireDistributedLock("resource", TimeSpan.Zero);
        held.Dispose();
        Assert.Throws<DistributedLockTimeoutException>(() => mine.AcquireDistributedLock("resource", TimeSpan.Zero));
    }

    [Fact]
    public void DisableConcurrentExecution_lets_one_job_run_at_a_time()
    {
        using var server = _temporary.StartServer(workers: 4);
        var client = new BackgroundJobClient(_temporary.Storage);
        var name = Signals.NewName();
        for (var i = 0; i < 6; i++) client.Enqueue(() => LonelyJob.Run(name));
        for (var i = 0; i < 6; i++) Assert.Equal("1", Signals.Receive(name));
    }
}

/// <summary>A job that says how many of it run at once.</summary>
public static class LonelyJob
{
    private static int _running;

    [DisableConcurrentExecution(60)]
    public static void Run(string name)
    {
        var running = Interlocked.Increment(ref _running);
        Thread.Sleep(5);
        Interlocked.Decrement(ref _running);
        Signals.Send(name, $"{running}");
    }
}
