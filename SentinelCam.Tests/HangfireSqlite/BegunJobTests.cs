using System.Reflection;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>The state Processing, for which a worker does not wait. The clock stands still: nothing is written in time but where a test says so.</summary>
public sealed class BegunJobTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryStorage _temporary;
    private readonly JobStorageConnection _connection;
    private readonly SqliteJobStorage _other;
    private readonly JobStorageConnection _otherConnection;

    public BegunJobTests()
    {
        _temporary = new TemporaryStorage(new SqliteJobStorageOptions { TimeProvider = _clock });
        _connection = _temporary.Connect();
        _other = _temporary.OpenAnother();
        _otherConnection = (JobStorageConnection)_other.GetConnection();
    }

    private JobStorageMonitor Monitor => _temporary.Monitor();

    /// <summary>What another process sees.</summary>
    private JobStorageMonitor OtherMonitor => (JobStorageMonitor)_other.GetMonitoringApi();

    public void Dispose()
    {
        _connection.Dispose();
        _otherConnection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void A_worker_begins_without_a_commit_and_every_connection_of_the_process_knows()
    {
        var id = _connection.Enqueue();
        var before = Version();
        Begin(id);
        using var another = _temporary.Connect();
        Assert.Equal("Processing", another.GetJobData(id).State);
        Assert.Equal("server", another.GetStateData(id).Data["ServerId"]);
        Assert.Null(another.GetJobParameter(id, "none"));
        Assert.Equal(before, Version());
    }

    [Fact]
    public void The_dashboard_of_the_process_shows_it_at_once()
    {
        var id = _connection.Enqueue();
        var begun = _clock.GetUtcNow().UtcDateTime;
        Begin(id);
        _clock.Advance(Patience / 2);
        var (shown, job) = Monitor.ProcessingJobs(0, 10).Single();
        Assert.Equal((id, "server", begun), (shown, job.ServerId, job.StartedAt));
        Assert.Equal((0, 1), (Monitor.GetStatistics().Enqueued, Monitor.GetStatistics().Processing));
        Assert.Equal(["Processing", "Enqueued"], History(id));
    }

    [Fact]
    public void Another_process_sees_it_a_moment_later_and_until_then_what_a_crash_would_leave()
    {
        var id = _connection.Enqueue();
        using var job = Fetch();
        Begin(id);
        Assert.Equal((0, 1), (OtherMonitor.ProcessingCount(), OtherMonitor.FetchedCount("default")));
        Assert.Equal("Enqueued", _otherConnection.GetJobData(id).State);
        _clock.Advance(Patience);
        Assert.Equal(1, OtherMonitor.ProcessingCount());
        Assert.Equal("Processing", _otherConnection.GetStateData(id).Name);
        Assert.Equal(["Processing", "Enqueued"], History(id));
    }

    [Fact]
    public void It_is_written_with_the_state_that_follows_and_only_once()
    {
        var id = _connection.Enqueue();
        Begin(id);
        _clock.Advance(Patience / 2);
        Assert.NotNull(Change(_connection, id, Succeeded, ProcessingState.StateName));
        _clock.Advance(Patience);
        Assert.Equal(["Succeeded", "Processing", "Enqueued"], History(id));
        var times = OtherMonitor.JobDetails(id).History.Select(state => state.CreatedAt).ToArray();
        Assert.Equal(Patience / 2, times[0] - times[1]);
        Assert.Equal((1, 0), (OtherMonitor.SucceededListCount(), OtherMonitor.ProcessingCount()));
        Assert.NotNull(OtherMonitor.JobDetails(id).ExpireAt);
    }

    [Fact]
    public void A_job_that_another_process_deletes_stays_deleted()
    {
        var id = _connection.Enqueue();
        Begin(id);
        _clock.Advance(Patience / 2);
        Assert.NotNull(Change(_otherConnection, id, new DeletedState()));
        Assert.Equal("Deleted", _connection.GetStateData(id).Name);
        Assert.Null(Change(_connection, id, Succeeded, ProcessingState.StateName));

        _clock.Advance(Patience);
        Assert.Equal("Deleted", _connection.GetStateData(id).Name);
        Assert.Equal((1, 0), (Monitor.DeletedListCount(), Monitor.ProcessingCount()));
        Assert.NotNull(Monitor.JobDetails(id).ExpireAt);
        Assert.Equal(["Deleted", "Processing", "Enqueued"], Monitor.JobDetails(id).History
            .OrderByDescending(state => state.CreatedAt).Select(state => state.StateName));
    }

    [Fact]
    public void A_job_that_another_process_enqueues_again_is_run_again()
    {
        var id = _connection.Enqueue();
        using var job = Fetch();
        Begin(id);
        _clock.Advance(Patience / 2);
        Assert.NotNull(Change(_otherConnection, id, new EnqueuedState { Reason = "again" }));
        _clock.Advance(Patience);
        Assert.Equal("again", _connection.GetStateData(id).Reason);
        Assert.Null(Change(_connection, id, Succeeded, ProcessingState.StateName));
        job.RemoveFromQueue();

        using var again = Fetch();
        Assert.Equal(id, again.JobId);
        Assert.NotNull(Change(_connection, id, Processing(), EnqueuedState.StateName));
    }

    [Fact]
    public void A_job_that_another_process_removes_leaves_nothing()
    {
        var id = _connection.Enqueue();
        Begin(id);
        _otherConnection.Commit(t => t.ExpireJob(id, TimeSpan.Zero));
        Assert.Null(_connection.GetJobData(id));
        Assert.Null(_connection.GetStateData(id));
        _clock.Advance(Patience);
        Assert.Equal(0, _temporary.Storage.Read(session => session.Scalar<long>("SELECT count(*) FROM job_state")));
    }

    [Fact]
    public void What_the_process_itself_does_with_the_job_comes_after_it()
    {
        var id = _connection.Enqueue();
        Begin(id);
        using var another = _temporary.Connect();
        another.Commit(
            t => t.SetJobParameter(id, "a", "1"), t => t.ExpireJob(id, TimeSpan.FromHours(1)),
            t => t.AddJobState(id, new ScheduledState(TimeSpan.Zero)));
        Assert.NotNull(Change(another, id, new DeletedState()));
        Assert.Equal(["Deleted", "Scheduled", "Processing", "Enqueued"], History(id));
        Assert.Equal("1", _otherConnection.GetJobParameter(id, "a"));
    }

    [Fact]
    public void The_end_and_the_parameters_that_another_process_sets_stay()
    {
        var id = _connection.Enqueue();
        Begin(id);
        _otherConnection.Commit(t => t.ExpireJob(id, TimeSpan.FromHours(1)), t => t.SetJobParameter(id, "a", "1"));
        _clock.Advance(Patience);
        Assert.NotNull(OtherMonitor.JobDetails(id).ExpireAt);
        Assert.Equal("1", _connection.GetJobParameter(id, "a"));
        Assert.Equal(1, OtherMonitor.ProcessingCount());
    }

    [Fact]
    public void A_job_that_has_an_end_loses_it_at_once()
    {
        var id = _connection.Enqueue();
        _connection.Commit(t => t.ExpireJob(id, TimeSpan.FromHours(1)));
        Begin(id);
        Assert.Null(OtherMonitor.JobDetails(id).ExpireAt);
        Assert.Equal(1, OtherMonitor.ProcessingCount());
    }

    [Fact]
    public void Whoever_does_not_hold_the_lock_of_the_job_writes_at_once()
    {
        var id = _connection.Enqueue();
        Assert.Equal("Enqueued", _connection.GetJobData(id).State);
        _otherConnection.Commit(t => t.SetJobState(id, new DeletedState()));
        _connection.Commit(t => t.SetJobState(id, Processing()));
        Assert.Equal("Processing", _otherConnection.GetJobData(id).State);
    }

    [Fact]
    public void More_than_the_state_is_written_at_once()
    {
        var id = _connection.Enqueue();
        using (_connection.AcquireDistributedLock($"job:{id}:state-lock", TimeSpan.Zero))
        {
            Assert.Equal("Enqueued", _connection.GetJobData(id).State);
            _connection.Commit(t => t.SetJobState(id, Processing()), t => t.IncrementCounter("begun"));
            _connection.Commit(t => t.SetJobState(id, Processing()));
        }

        Assert.Equal(1, _otherConnection.GetCounter("begun"));
        Assert.Equal(3, OtherMonitor.JobDetails(id).History.Count);
        Assert.Equal("Processing", _otherConnection.GetJobData(id).State);
    }

    [Fact]
    public void A_job_that_goes_back_and_is_begun_again_has_both_in_its_history()
    {
        var id = _connection.Enqueue();
        using (Fetch()) Begin(id);
        using var again = Fetch();
        Begin(id);
        Assert.Equal(["Processing", "Processing", "Enqueued"], History(id));
        Assert.Equal("Processing", _otherConnection.GetJobData(id).State);
    }

    [Fact]
    public void While_it_cannot_be_written_the_process_knows_the_dashboard_works_and_it_is_tried_again()
    {
        var id = _connection.Enqueue();
        Begin(id);
        Execute("CREATE TRIGGER no_way BEFORE UPDATE ON job BEGIN SELECT RAISE(ABORT, 'no way'); END");
        _clock.Advance(Patience);
        Assert.Equal("Processing", _connection.GetStateData(id).Name);
        Assert.Equal(["Enqueued"], History(id));

        Execute("DROP TRIGGER no_way");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, OtherMonitor.ProcessingCount());
    }

    [Fact]
    public void A_storage_that_closes_writes_it_and_takes_no_more()
    {
        var id = _connection.Enqueue();
        var closing = _temporary.OpenAnother();
        using (var connection = closing.GetConnection()) Change(connection, id, Processing());
        Assert.Equal(0, Monitor.ProcessingCount());
        closing.Dispose();
        Assert.Equal(1, Monitor.ProcessingCount());
        Assert.Throws<ObjectDisposedException>(
            () => closing.BegunJobs.Add(new BegunJob(new FoundState(1, "Enqueued", 1), "Processing", null, null, 2)));
    }

    [Fact]
    public void It_is_not_written_into_a_file_that_replaces_the_one_it_was_in()
    {
        var id = _connection.Enqueue();
        Begin(id);
        Assert.Throws<SqliteJobStorageException>(() => _temporary.Storage.Database.Read<int>(
            static _ => throw new Microsoft.Data.Sqlite.SqliteException("damaged", SqliteError.Corrupt)));
        _other.Dispose();
        foreach (var suffix in new[] { "", "-wal", "-shm" }) File.Delete(_temporary.File + suffix);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0), (Monitor.ProcessingCount(), Monitor.EnqueuedCount("default")));
        Assert.Null(_connection.GetJobData(id));
        Assert.Equal(0, _temporary.Storage.Read(session => session.Scalar<long>("SELECT count(*) FROM job_state")));
    }

    private static SucceededState Succeeded => new(null, 0, 0);

    // Only Hangfire's worker can make one
    private static ProcessingState Processing() => (ProcessingState)Activator.CreateInstance(
        typeof(ProcessingState), BindingFlags.Instance | BindingFlags.NonPublic, null, ["server", "worker"], null)!;

    private static IState? Change(IStorageConnection connection, string id, IState state, params string[] expected) =>
        new BackgroundJobStateChanger().ChangeState(new StateChangeContext(
            ((SqliteStorageConnection)connection).Storage, connection, id, state, expected.Length == 0 ? null : expected));

    private void Begin(string id) => Assert.NotNull(Change(_connection, id, Processing()));

    private List<string> History(string id) => [.. Monitor.JobDetails(id).History.Select(state => state.StateName)];

    private long Version() => _temporary.Storage.Database.DataVersion().Number;

    private IFetchedJob Fetch()
    {
        using var patience = new CancellationTokenSource(Signals.Patience);
        return _connection.FetchNextJob(["default"], patience.Token);
    }

    private void Execute(string sql) => _temporary.Storage.Database.Write(session => session.ExecuteOnce(sql));
}
