using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Jobs that a worker has taken: held by a heartbeat while its process lives.</summary>
public sealed class FetchedJobTests : IDisposable
{
    private const long DeadProcess = 42;

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryStorage _temporary;
    private readonly JobStorageConnection _connection;

    public FetchedJobTests()
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
    public void It_is_acknowledged_in_the_transaction_of_its_last_state() =>
        Assert.True(_temporary.Storage.HasFeature(JobStorageFeatures.Transaction.RemoveFromQueue(typeof(SqliteFetchedJob))));

    [Fact]
    public void It_is_shown_as_fetched_and_no_longer_as_enqueued()
    {
        var id = _connection.Enqueue();
        using var job = Fetch();
        var monitor = _temporary.Monitor();
        Assert.Equal((0, 1), (monitor.EnqueuedCount("default"), monitor.FetchedCount("default")));
        var (shown, row) = monitor.FetchedJobs("default", 0, 10).Single();
        Assert.Equal(id, shown);
        Assert.Equal(_clock.GetUtcNow().UtcDateTime, row.FetchedAt);
        Assert.Equal(1, monitor.Queues().Single().Fetched);
        job.RemoveFromQueue();
        Assert.Equal(0, monitor.FetchedCount("default"));
    }

    [Fact]
    public void A_job_that_is_dropped_without_an_answer_goes_back_to_its_place()
    {
        var first = _connection.Enqueue();
        var second = _connection.Enqueue();
        Fetch().Dispose();
        using var again = Fetch();
        using var other = Fetch();
        Assert.Equal((first, second), (again.JobId, other.JobId));
    }

    [Fact]
    public void A_job_that_is_requeued_twice_or_after_its_end_is_there_once()
    {
        _connection.Enqueue();
        var job = Fetch();
        job.Requeue();
        job.Requeue();
        job.Dispose();
        Assert.Equal(1, _temporary.Monitor().EnqueuedCount("default"));

        job = Fetch();
        job.RemoveFromQueue();
        job.RemoveFromQueue();
        job.Requeue();
        Assert.Equal(0, _temporary.Monitor().EnqueuedCount("default"));
    }

    [Fact]
    public void A_rolled_back_acknowledgement_leaves_it_fetched()
    {
        _connection.Enqueue();
        using var job = Fetch();
        using (var transaction = (JobStorageTransaction)_connection.CreateWriteTransaction()) transaction.RemoveFromQueue(job);
        Assert.Equal(1, _temporary.Monitor().FetchedCount("default"));
        Assert.Throws<ArgumentException>(() =>
        {
            using var transaction = (JobStorageTransaction)_connection.CreateWriteTransaction();
            transaction.RemoveFromQueue(new ForeignJob());
        });
    }

    [Fact]
    public void A_job_that_runs_for_an_hour_stays_with_its_worker()
    {
        _connection.Enqueue();
        using var job = Fetch();
        using var other = _temporary.OpenAnother().GetConnection();
        Assert.Throws<OperationCanceledException>(() => TryFetch(other));
        for (var minute = 0; minute < 60; minute++) _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Throws<OperationCanceledException>(() => TryFetch(other));
        Assert.Equal(1, _temporary.Monitor().FetchedCount("default"));
    }

    [Fact]
    public void The_heartbeat_is_renewed_while_a_job_runs()
    {
        _connection.Enqueue();
        using var job = Fetch();
        var before = Heartbeat();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.True(SpinWait.SpinUntil(() => Heartbeat() > before, Signals.Patience));
    }

    [Fact]
    public void A_job_of_a_dead_process_is_back_within_30_s()
    {
        var id = TakenByADeadProcess();
        Assert.Throws<OperationCanceledException>(() => TryFetch(_connection));
        _clock.Advance(TimeSpan.FromSeconds(30));
        using var job = Fetch();
        Assert.Equal(id, job.JobId);
    }

    [Fact]
    public void A_heartbeat_that_is_fresh_is_believed()
    {
        TakenByADeadProcess();
        Assert.Throws<OperationCanceledException>(() => TryFetch(_connection));
        _clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Throws<OperationCanceledException>(() => TryFetch(_connection));
    }

    [Fact]
    public void A_process_that_only_sleeps_keeps_its_jobs()
    {
        TakenByADeadProcess();
        using var alive = FileLocks.Open(_temporary.File + "-locks");
        Assert.True(alive.TryAcquire(this, $"holder:{DeadProcess}", TimeSpan.Zero));
        Assert.Throws<OperationCanceledException>(() => TryFetch(_connection));
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Throws<OperationCanceledException>(() => TryFetch(_connection));
        alive.Release(this, $"holder:{DeadProcess}");
    }

    [Fact]
    public void A_worker_that_has_lost_its_job_cannot_take_it_from_the_next_one()
    {
        _connection.Enqueue();
        var lost = Fetch();
        _temporary.Storage.Database.Write(static session =>
        {
            session.Execute("UPDATE fetched_job SET holder = 42");
        });
        lost.RemoveFromQueue();
        Assert.Equal(1, _temporary.Monitor().FetchedCount("default"));
    }

    [Fact]
    public void A_storage_that_is_closed_gives_its_jobs_back()
    {
        var id = _connection.Enqueue();
        var other = _temporary.OpenAnother();
        using (var connection = other.GetConnection()) Assert.Equal(id, TryFetch(connection).JobId);
        other.Dispose();
        using var job = Fetch();
        Assert.Equal(id, job.JobId);
    }

    private static IFetchedJob TryFetch(IStorageConnection connection)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        return connection.FetchNextJob(["default"], soon.Token);
    }

    private IFetchedJob Fetch()
    {
        using var patience = new CancellationTokenSource(Signals.Patience);
        return _connection.FetchNextJob(["default"], patience.Token);
    }

    private long Heartbeat() => _temporary.Storage.Database.Read(
        static session => session.Scalar<long>("SELECT heartbeat_at FROM fetched_job"));

    private string TakenByADeadProcess()
    {
        var id = _connection.Enqueue();
        using (var job = Fetch())
        {
            _temporary.Storage.Database.Write(static session =>
            {
                session.Execute("UPDATE fetched_job SET holder = 42");
            });
        }

        return id;
    }

    private sealed class ForeignJob : IFetchedJob
    {
        public string JobId => "1";

        public void RemoveFromQueue()
        {
        }

        public void Requeue()
        {
        }

        public void Dispose()
        {
        }
    }
}
