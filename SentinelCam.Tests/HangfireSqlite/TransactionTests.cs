using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Data.Sqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Write transactions: all or nothing, alone or in a group.</summary>
public sealed class TransactionTests : IDisposable
{
    private readonly TemporaryStorage _temporary = new();
    private readonly JobStorageConnection _connection;

    public TransactionTests() => _connection = _temporary.Connect();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void A_command_that_fails_takes_the_whole_transaction_back()
    {
        Assert.ThrowsAny<Exception>(() => _temporary.Storage.Database.Write(session =>
        {
            session.Execute(Sql.AddToCounter, "c", 1, null);
            session.Execute(Sql.AddToCounter, null, 1, null);
        }));
        Assert.Equal(0, _connection.GetCounter("c"));
        _connection.Commit(t => t.IncrementCounter("c"));
        Assert.Equal(1, _connection.GetCounter("c"));
    }

    [Fact]
    public async Task One_that_fails_does_not_spoil_those_that_share_its_commit()
    {
        const int Writers = 8;
        const int Each = 50;
        var failures = 0;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    try
                    {
                        _temporary.Storage.Database.Write(session =>
                        {
                            session.Execute(Sql.AddToCounter, "c", 1, null);
                            if (writer % 2 == 0) throw new InvalidOperationException("not this one");
                        });
                    }
                    catch (InvalidOperationException)
                    {
                        Interlocked.Increment(ref failures);
                    }
                }
            },
            Token)));

        Assert.Equal(Writers / 2 * Each, failures);
        Assert.Equal(Writers / 2 * Each, _connection.GetCounter("c"));
    }

    [Fact]
    public async Task No_increment_of_many_writers_is_lost()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () =>
            {
                using var connection = _temporary.Connect();
                for (var i = 0; i < 100; i++) connection.Commit(t => t.IncrementCounter("c"), t => t.AddToSet("s", $"{i}"));
            },
            Token)));
        Assert.Equal(800, _connection.GetCounter("c"));
        Assert.Equal(100, _connection.GetSetCount("s"));
    }

    [Fact]
    public async Task Another_connection_that_keeps_the_file_locked_for_seconds_is_waited_for()
    {
        using var another = new SqliteConnection($"{_temporary.ConnectionString};Pooling=False");
        another.Open();
        Task[] working;
        using (var transaction = another.BeginTransaction(deferred: false))
        {
            working = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    using var connection = _temporary.Connect();
                    connection.Enqueue();
                    using var patience = new CancellationTokenSource(Signals.Patience);
                    using var job = connection.FetchNextJob(["default"], patience.Token);
                    connection.Commit(t => t.SetJobState(job.JobId, new DeletedState()), t => t.RemoveFromQueue(job));
                },
                Token, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            await Task.Delay(TimeSpan.FromSeconds(3), Token);
            Assert.DoesNotContain(working, task => task.IsCompleted);
            transaction.Rollback();
        }

        await Task.WhenAll(working).WaitAsync(Signals.Patience, Token);
        Assert.Equal(4, _temporary.Monitor().DeletedListCount());
    }

    [Fact]
    public void A_state_of_the_history_and_the_acknowledgement_are_written_together()
    {
        var id = _connection.Enqueue();
        using var job = Fetch();
        _connection.Commit(t => t.AddJobState(id, new DeletedState { Reason = "seen" }), t => t.RemoveFromQueue(job));
        Assert.Equal(["seen", null], _temporary.Monitor().JobDetails(id)!.History.Select(state => state.Reason));
        Assert.Equal("Enqueued", _connection.GetJobData(id).State);
        Assert.Equal((0, 0), (_temporary.Monitor().EnqueuedCount("default"), _temporary.Monitor().FetchedCount("default")));
        job.Requeue();
        Assert.Equal(0, _temporary.Monitor().EnqueuedCount("default"));
    }

    [Fact]
    public void Neither_is_written_when_the_transaction_fails_and_the_job_goes_back()
    {
        var id = _connection.Enqueue();
        using (var job = Fetch())
        {
            _temporary.Storage.Database.Write(static session => session.ExecuteOnce(
                "CREATE TRIGGER no_way BEFORE DELETE ON fetched_job BEGIN SELECT RAISE(ABORT, 'no way'); END"));
            Assert.ThrowsAny<Exception>(() => _connection.Commit(
                t => t.AddJobState(id, new DeletedState()), t => t.RemoveFromQueue(job)));
            Assert.Single(_temporary.Monitor().JobDetails(id)!.History);
            Assert.Equal(1, _temporary.Monitor().FetchedCount("default"));
            _temporary.Storage.Database.Write(static session => session.ExecuteOnce("DROP TRIGGER no_way"));
        }

        Assert.Equal((1, 0), (_temporary.Monitor().EnqueuedCount("default"), _temporary.Monitor().FetchedCount("default")));
    }

    [Fact]
    public void A_new_job_gets_its_state_from_another_connection()
    {
        using var other = _temporary.Connect();
        var id = _connection.CreateJob();
        other.Commit(t => t.SetJobParameter(id, "a", "1"), t => t.ExpireJob(id, TimeSpan.FromHours(1)));
        other.Commit(t => t.SetJobState(id, new EnqueuedState()), t => t.AddToQueue("default", id));
        Assert.Equal("1", _connection.GetJobParameter(id, "a"));
        Assert.Equal("Enqueued", _connection.GetJobData(id).State);
    }

    [Fact]
    public void A_new_job_whose_transaction_was_given_up_is_still_there()
    {
        string id;
        using (var connection = _temporary.Connect())
        {
            id = connection.CreateJob();
            using var transaction = connection.CreateWriteTransaction();
            transaction.SetJobState(id, new EnqueuedState());
        }

        using var another = _temporary.OpenAnother().GetConnection();
        Assert.NotNull(another.GetJobData(id));
        Assert.Null(another.GetStateData(id));
    }

    [Fact]
    public void A_job_that_was_read_before_its_state_came_is_written_once()
    {
        var id = _connection.CreateJob();
        Assert.NotNull(_connection.GetJobData(id));
        _connection.SetJobParameter(id, "a", "1");
        _connection.Commit(t => t.SetJobState(id, new EnqueuedState()), t => t.PersistJob(id));
        Assert.Equal("1", _connection.GetJobData(id).ParametersSnapshot["a"]);
        Assert.Null(_temporary.Monitor().JobDetails(id).ExpireAt);
        Assert.Single(_temporary.Monitor().JobDetails(id).History);
    }

    [Fact]
    public void A_transaction_of_ten_thousand_commands_is_one()
    {
        _connection.Commit(Enumerable.Range(0, 10_000)
            .Select(i => (Action<JobStorageTransaction>)(t => t.AddToSet("s", $"{i:D5}", i))).ToArray());
        Assert.Equal(10_000, _connection.GetSetCount("s"));
        Assert.Equal("09999", _connection.GetRangeFromSet("s", 9_999, 20_000).Single());
    }

    [Fact]
    public void The_id_of_a_removed_job_is_not_used_again()
    {
        var last = _connection.Enqueue();
        _connection.Commit(t => t.ExpireJob(last, TimeSpan.Zero));
        Assert.NotEqual(last, _connection.Enqueue());
        using var another = _temporary.OpenAnother().GetConnection();
        Assert.NotEqual(last, another.CreateJob());
    }

    [Fact]
    public void Times_come_back_to_the_tick_and_in_UTC()
    {
        var created = new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567);
        string Create(DateTime at) => _connection.CreateExpiredJob(
            Job.FromExpression(() => Signals.Send("a", "b")), new Dictionary<string, string>(), at, TimeSpan.FromDays(1));

        Assert.Equal(created, _connection.GetJobData(Create(created)).CreatedAt);
        Assert.Equal(created, _connection.GetJobData(Create(created.ToLocalTime())).CreatedAt);
        Assert.Equal(created, _connection.GetJobData(Create(DateTime.SpecifyKind(created, DateTimeKind.Unspecified))).CreatedAt);
        Assert.Equal(created.AddDays(1), _temporary.Monitor().JobDetails(Create(created)).ExpireAt);
    }

    [Fact]
    public void A_job_whose_method_is_gone_says_so()
    {
        var id = _connection.Enqueue();
        _temporary.Storage.Database.Write(static session => { session.Execute("UPDATE job SET method = 'Gone'"); });
        var data = _connection.GetJobData(id);
        Assert.Null(data.Job);
        Assert.NotNull(data.LoadException);
        Assert.NotNull(_temporary.Monitor().EnqueuedJobs("default", 0, 1).Single().Value.LoadException);
    }

    private IFetchedJob Fetch()
    {
        using var patience = new CancellationTokenSource(Signals.Patience);
        return _connection.FetchNextJob(["default"], patience.Token);
    }
}
