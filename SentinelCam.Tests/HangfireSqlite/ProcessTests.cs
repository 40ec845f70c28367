using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;
using SentinelCam.Tests.HangfireSqlite.Worker;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Several processes on one file, and what is left when one of them is killed.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryStorage _temporary = new();
    private readonly Notes _notes = new();
    private readonly BackgroundJobClient _client;

    public ProcessTests() => _client = new BackgroundJobClient(_temporary.Storage);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _temporary.Dispose();
        _notes.Dispose();
    }

    [Fact]
    public async Task Two_processes_of_20_workers_run_10_000_jobs_each_once()
    {
        const int Jobs = 10_000;
        using var first = WorkerProcess.Serve(_temporary.File, 20);
        using var second = WorkerProcess.Serve(_temporary.File, 20);
        Assert.Equal("ready", await first.FirstLineAsync());
        Assert.Equal("ready", await second.FirstLineAsync());

        var folder = _notes.Folder;
        for (var i = 0; i < Jobs; i++)
        {
            var id = i;
            _client.Enqueue(() => NotedJob.Run(folder, id, 0));
        }

        await _notes.WaitForAsync(Jobs, Token);
        Assert.All(_notes.Read().Values, note => Assert.Equal((1, 1), note));
        Assert.NotEmpty(_notes.ReadOf(first.Id));
        Assert.NotEmpty(_notes.ReadOf(second.Id));
    }

    [Fact]
    public async Task Killed_at_random_no_job_is_lost_and_only_those_that_ran_are_run_again()
    {
        const int Jobs = 2_000;
        const int Workers = 20;
        var random = new Random(1);
        var folder = _notes.Folder;
        for (var i = 0; i < Jobs; i++)
        {
            var id = i;
            _client.Enqueue(() => NotedJob.Run(folder, id, 50));
        }

        var killed = new List<int>();
        for (var round = 0; round < 4; round++)
        {
            using var victim = WorkerProcess.Serve(_temporary.File, Workers, timeoutMilliseconds: 1000);
            Assert.Equal("ready", await victim.FirstLineAsync());
            Assert.True(await WaitUntilAsync(() => _notes.ReadOf(victim.Id).Count > 0));
            await Task.Delay(random.Next(0, 400), Token);
            victim.Kill();
            killed.Add(victim.Id);
        }

        using var survivor = WorkerProcess.Serve(_temporary.File, Workers, timeoutMilliseconds: 1000);
        await _notes.WaitForAsync(Jobs, Token);

        var notes = _notes.Read();
        Assert.Equal(Jobs, notes.Count);

        Assert.All(_notes.ReadOf(survivor.Id).Values, note => Assert.Equal(1, note.Ended));
        Assert.Contains(killed, process => _notes.ReadOf(process).Values.Any(note => note.Ended == 0));

        // A job that was running when its process died has an unfinished beginning there, or had just ended and was not
        // yet acknowledged: each worker had no more than one.
        for (var i = 0; i < killed.Count; i++)
        {
            var there = _notes.ReadOf(killed[i]);
            var later = killed.Skip(i + 1).Append(survivor.Id).SelectMany(process => _notes.ReadOf(process).Keys).ToHashSet();
            Assert.InRange(there.Keys.Count(later.Contains), 0, Workers);
            Assert.All(there.Where(note => note.Value.Ended == 0), note => Assert.Contains(note.Key, later));
        }
    }

    [Fact]
    public async Task A_waiting_worker_of_another_process_notices_a_job()
    {
        using var other = WorkerProcess.Serve(_temporary.File, 1);
        Assert.Equal("ready", await other.FirstLineAsync());
        var folder = _notes.Folder;
        _client.Enqueue(() => NotedJob.Run(folder, 1, 0));
        await _notes.WaitForAsync(1, Token);
    }

    [Fact]
    public async Task A_live_process_keeps_its_job_though_its_heartbeat_looks_stale_to_another()
    {
        using var worker = WorkerProcess.Serve(_temporary.File, 1);
        var folder = _notes.Folder;
        var id = _client.Enqueue(() => NotedJob.Run(folder, 1, 600_000));
        var running = await WaitUntilAsync(() => _notes.Read().Count == 1);
        Assert.True(running);

        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var connection = _temporary.OpenAnother(new SqliteJobStorageOptions { TimeProvider = clock }).GetConnection();
        Assert.Throws<OperationCanceledException>(() => Fetch(connection, TimeSpan.FromMilliseconds(100)));
        for (var minute = 0; minute < 10; minute++) clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Throws<OperationCanceledException>(() => Fetch(connection, TimeSpan.FromMilliseconds(100)));
        Assert.Equal(1, _temporary.Monitor().FetchedCount("default"));

        worker.Kill();
        clock.Advance(TimeSpan.FromMinutes(1));
        using var job = Fetch(connection, Signals.Patience);
        Assert.Equal(id, job.JobId);
    }

    [Fact]
    public async Task A_lock_dies_with_its_process()
    {
        using var owner = WorkerProcess.Lock(_temporary.File, "resource");
        Assert.Equal("ready", await owner.FirstLineAsync());
        using var connection = _temporary.Connect();
        Assert.Throws<DistributedLockTimeoutException>(
            () => connection.AcquireDistributedLock("resource", TimeSpan.FromMilliseconds(100)));

        owner.Kill();
        using var mine = connection.AcquireDistributedLock("resource", Signals.Patience);
    }

    [Fact]
    public async Task Processes_that_start_together_make_the_schema_once()
    {
        var file = Path.Combine(_temporary.Folder, "new.db");
        var processes = Enumerable.Range(0, 3).Select(_ => WorkerProcess.Open(file)).ToArray();
        var said = await Task.WhenAll(processes.Select(process => process.FirstLineAsync()));
        foreach (var process in processes) process.Dispose();
        Assert.All(said, line => Assert.Equal("ready", line));
    }

    private static IFetchedJob Fetch(IStorageConnection connection, TimeSpan patience)
    {
        using var end = new CancellationTokenSource(patience);
        return connection.FetchNextJob(["default"], end.Token);
    }

    private static async Task<bool> WaitUntilAsync(Func<bool> condition)
    {
        var end = DateTime.UtcNow + Signals.Patience;
        while (!condition())
        {
            if (DateTime.UtcNow > end) return false;
            await Task.Delay(50, Token);
        }

        return true;
    }
}
