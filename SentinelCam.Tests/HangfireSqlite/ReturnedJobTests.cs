using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Jobs that go back to a queue that has drained, was written to meanwhile, or cannot be written.</summary>
public sealed class ReturnedJobTests : IDisposable
{
    private static readonly string[] Default = ["default"];

    private readonly TemporaryStorage _storage = new(new SqliteJobStorageOptions { FetchedJobTimeout = TimeSpan.FromSeconds(1) });

    [Fact]
    public void A_job_that_is_enqueued_again_while_it_runs_blocks_nothing()
    {
        using var connection = _storage.Connect();
        var first = Create(connection);
        Enqueue(connection, first);
        using var running = Fetch(connection);
        Enqueue(connection, first);
        var second = Create(connection);
        Enqueue(connection, second);

        using var again = Fetch(connection);
        using var next = Fetch(connection);
        Assert.Equal([first, first, second], [running.JobId, again.JobId, next.JobId]);
        running.RemoveFromQueue();
        again.RemoveFromQueue();
        next.RemoveFromQueue();
    }

    [Fact]
    public void A_job_goes_back_before_those_that_came_after_it_also_when_the_queue_was_empty()
    {
        using var connection = _storage.Connect();
        var early = Create(connection);
        Enqueue(connection, early);
        using var taken = Fetch(connection);
        Enqueue(connection, Create(connection));
        taken.Requeue();

        using var next = Fetch(connection);
        Assert.Equal(early, next.JobId);
    }

    [Fact]
    public void A_job_that_cannot_be_given_back_goes_back_once_the_file_can_be_written()
    {
        using var connection = _storage.Connect();
        var job = Create(connection);
        Enqueue(connection, job);
        Execute("CREATE TRIGGER no_way BEFORE DELETE ON fetched_job BEGIN SELECT RAISE(ABORT, 'no way'); END");
        using (var taken = Fetch(connection))
            taken.Requeue();
        Execute("DROP TRIGGER no_way");

        using var again = Fetch(connection);
        Assert.Equal(job, again.JobId);
        again.RemoveFromQueue();
    }

    [Fact]
    public async Task A_job_that_cannot_be_given_back_is_not_lost_to_a_heartbeat_that_gives_back_another()
    {
        // The heartbeats are those of this test
        using var storage = new TemporaryStorage(new SqliteJobStorageOptions { TimeProvider = new FakeTimeProvider(DateTimeOffset.UtcNow) });
        using var connection = storage.Connect();
        var ids = new[] { connection.Enqueue(), connection.Enqueue() };
        var taken = new[] { Fetch(connection), Fetch(connection) };
        Execute("CREATE TRIGGER no_way BEFORE DELETE ON fetched_job BEGIN SELECT RAISE(ABORT, 'no way'); END", storage);
        foreach (var job in taken) job.Dispose();

        Task[] heartbeats;
        using (var another = new SqliteConnection(storage.ConnectionString + ";Pooling=False"))
        {
            another.Open();
            using var transaction = another.BeginTransaction();
            using var command = another.CreateCommand();
            command.CommandText = $"DROP TRIGGER no_way; CREATE TRIGGER no_way BEFORE DELETE ON fetched_job WHEN OLD.job_id = {ids[1]} BEGIN SELECT RAISE(ABORT, 'no way'); END";
            command.ExecuteNonQuery();
            heartbeats = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () => Record.Exception(storage.Storage.Fetcher.ReturnUnreturned),
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            // Long enough for both to wait for the file; a shorter time would make the test weaker, not wrong
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
            transaction.Commit();
        }

        await Task.WhenAll(heartbeats);
        Assert.Equal(1, storage.Monitor().EnqueuedCount("default"));
        Execute("DROP TRIGGER no_way", storage);
        storage.Storage.Fetcher.ReturnUnreturned();
        Assert.Equal(2, storage.Monitor().EnqueuedCount("default"));
    }

    [Fact]
    public void A_job_of_a_dead_process_goes_back_though_the_clock_was_set_back()
    {
        using var connection = _storage.Connect();
        var job = Create(connection);
        var ahead = DateTime.UtcNow.AddHours(1).Ticks;
        Execute($"INSERT INTO queue (name) VALUES ('default'); INSERT INTO fetched_job (holder, queue, id, job_id, fetched_at, heartbeat_at) VALUES (4711, 'default', 1, {job}, {ahead}, {ahead})");

        using var again = Fetch(connection);
        Assert.Equal(job, again.JobId);
        again.RemoveFromQueue();
    }

    [Fact]
    public void States_of_a_new_job_are_kept_in_the_order_in_which_it_went_through_them()
    {
        using var connection = _storage.Connect();
        var job = Create(connection);
        using (var transaction = connection.CreateWriteTransaction())
        {
            transaction.AddJobState(job, new EnqueuedState());
            transaction.SetJobState(job, new ScheduledState(TimeSpan.FromDays(1)));
            transaction.Commit();
        }

        Assert.Equal(["Scheduled", "Enqueued"], _storage.Monitor().JobDetails(job)!.History.Select(state => state.StateName));
    }

    [Fact]
    public void A_job_scheduled_for_the_distant_past_runs_at_once()
    {
        using var server = _storage.StartServer();
        var client = new BackgroundJobClient(_storage.Storage);
        var id = client.Schedule(() => GC.KeepAlive(null), DateTimeOffset.UnixEpoch.AddYears(-10));
        var end = DateTime.UtcNow.AddSeconds(30);
        while (_storage.Monitor().JobDetails(id)!.History[0].StateName != SucceededState.StateName)
        {
            Assert.True(DateTime.UtcNow < end, "It did not run within 30 seconds.");
            Thread.Sleep(20);
        }
    }

    public void Dispose() => _storage.Dispose();

    private static string Create(JobStorageConnection connection) =>
        connection.CreateExpiredJob(Job.FromExpression(() => GC.KeepAlive(null)), new Dictionary<string, string>(), DateTime.UtcNow, TimeSpan.FromHours(1));

    private static void Enqueue(JobStorageConnection connection, string job)
    {
        using var transaction = connection.CreateWriteTransaction();
        transaction.SetJobState(job, new EnqueuedState());
        transaction.AddToQueue("default", job);
        transaction.Commit();
    }

    private static IFetchedJob Fetch(JobStorageConnection connection)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return connection.FetchNextJob(Default, limit.Token);
    }

    private void Execute(string sql) => Execute(sql, _storage);

    private static void Execute(string sql, TemporaryStorage storage)
    {
        using var connection = new SqliteConnection(storage.ConnectionString + ";Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
