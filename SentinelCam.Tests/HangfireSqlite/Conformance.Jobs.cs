using Hangfire;
using Hangfire.Common;
using Hangfire.Server;
using Hangfire.States;
using Hangfire.Storage;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Jobs, states, queues, locks and servers.</summary>
public abstract partial class Conformance
{
    [Theory]
    [InlineData("Job.Queue")]
    [InlineData("Storage.ExtendedApi")]
    [InlineData("Connection.GetUtcDateTime")]
    [InlineData("Connection.GetSetContains")]
    [InlineData("Connection.GetSetCount.Limited")]
    [InlineData("Connection.BatchedGetFirstByLowestScoreFromSet")]
    [InlineData("Transaction.AcquireDistributedLock")]
    [InlineData("Transaction.CreateJob")]
    [InlineData("Transaction.SetJobParameter")]
    [InlineData("Monitoring.DeletedStateGraphs")]
    [InlineData("Monitoring.AwaitingJobs")]
    public void It_has_the_feature(string feature) => Assert.True(Storage.HasFeature(feature));

    [Fact]
    public void It_does_not_claim_what_nobody_knows() => Assert.False(Storage.HasFeature("Connection.Teleport"));

    [Fact]
    public void A_fetched_job_can_be_acknowledged_in_a_transaction()
    {
        EnqueueJob();
        using var job = Fetch("default");
        Commit(t => t.RemoveFromQueue(job));
        Assert.Equal(0, Monitor.EnqueuedCount("default"));
    }

    [Fact]
    public void A_created_job_is_seen_at_once_by_others()
    {
        var id = CreateJob(("culture", "de"));
        using var other = Storage.GetConnection();
        var data = other.GetJobData(id);
        Assert.Equal(nameof(Signals.Send), data.Job.Method.Name);
        Assert.Equal("de", data.ParametersSnapshot["culture"]);
        Assert.Null(data.State);
        Assert.Null(data.LoadException);
        Assert.InRange(data.CreatedAt, DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow);
        Assert.Equal(DateTimeKind.Utc, data.CreatedAt.Kind);
        Assert.NotNull(Monitor.JobDetails(id).ExpireAt);
    }

    [Fact]
    public void A_job_keeps_the_queue_it_was_made_for()
    {
        var id = Connection.CreateExpiredJob(
            Job.FromExpression(() => Signals.Send("name", "message"), "critical"),
            new Dictionary<string, string>(), DateTime.UtcNow, TimeSpan.FromHours(1));
        Assert.Equal("critical", Connection.GetJobData(id).Job.Queue);
    }

    [Theory]
    [InlineData("987654321")]
    [InlineData("not-an-id")]
    [InlineData("")]
    [InlineData("-1")]
    public void An_unknown_job_has_no_data_state_or_details(string id)
    {
        Assert.Null(Connection.GetJobData(id));
        Assert.Null(Connection.GetStateData(id));
        Assert.Null(Connection.GetJobParameter(id, "culture"));
        Assert.Null(Monitor.JobDetails(id));
        Connection.SetJobParameter(id, "culture", "de");
        Commit(
            t => t.SetJobState(id, new EnqueuedState()), t => t.AddJobState(id, new EnqueuedState()),
            t => t.ExpireJob(id, TimeSpan.FromHours(1)), t => t.PersistJob(id), t => t.SetJobParameter(id, "a", "b"));
        Assert.Null(Connection.GetJobData(id));
    }

    [Fact]
    public void Parameters_are_set_changed_and_may_be_null()
    {
        var id = CreateJob(("a", "1"));
        Connection.SetJobParameter(id, "b", "2");
        Connection.SetJobParameter(id, "a", "3");
        Commit(t => t.SetJobParameter(id, "c", null), t => t.SetJobParameter(id, "d\"'$.x", "5"));
        Assert.Equal("3", Connection.GetJobParameter(id, "a"));
        Assert.Equal("2", Connection.GetJobParameter(id, "b"));
        Assert.Null(Connection.GetJobParameter(id, "c"));
        Assert.Equal("5", Connection.GetJobParameter(id, "d\"'$.x"));
        Assert.Null(Connection.GetJobParameter(id, "A"));
        Assert.True(Connection.GetJobData(id).ParametersSnapshot.ContainsKey("c"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("Zoë 📷 '; DROP TABLE job --")]
    public void Any_text_comes_back_as_it_was(string text)
    {
        var id = CreateJob(("a", text));
        Commit(t => t.SetJobState(id, new DeletedState { Reason = text }), t => t.AddToSet("s", text), t => t.InsertToList("l", text));
        Assert.Equal(text, Connection.GetJobParameter(id, "a"));
        Assert.Equal(text, Connection.GetStateData(id).Reason);
        Assert.Equal([text], Connection.GetAllItemsFromSet("s"));
        Assert.Equal([text], Connection.GetAllItemsFromList("l"));
        Assert.True(Connection.GetSetContains("s", text));
        var large = new string('x', 100_000) + text;
        Connection.SetJobParameter(id, "large", large);
        Assert.Equal(large, Connection.GetJobParameter(id, "large"));
    }

    [Fact]
    public void A_transaction_creates_a_job_with_parameter_and_state()
    {
        string id = null!;
        Commit(
            t => id = t.CreateJob(
                Job.FromExpression(() => Signals.Send("n", "m")), new Dictionary<string, string> { ["a"] = "1" },
                DateTime.UtcNow, TimeSpan.FromHours(1)),
            t => t.SetJobParameter(id, "b", "2"),
            t => t.SetJobState(id, new EnqueuedState("default") { Reason = "because" }));
        Assert.Equal("1", Connection.GetJobParameter(id, "a"));
        Assert.Equal("2", Connection.GetJobParameter(id, "b"));
        Assert.Equal("Enqueued", Connection.GetJobData(id).State);
        Assert.Equal("because", Connection.GetStateData(id).Reason);
    }

    [Fact]
    public void Nothing_of_a_transaction_happens_without_its_commit()
    {
        var id = CreateJob();
        using (var transaction = Connection.CreateWriteTransaction())
        {
            transaction.SetJobState(id, new EnqueuedState());
            transaction.AddToQueue("default", id);
            transaction.IncrementCounter("c");
            transaction.AddToSet("s", "v");
        }

        Assert.Null(Connection.GetStateData(id));
        Assert.Equal(0, Connection.GetCounter("c"));
        Assert.Equal(0, Connection.GetSetCount("s"));
        Assert.Equal(0, Monitor.EnqueuedCount("default"));
    }

    [Fact]
    public void States_come_newest_first_and_only_a_set_one_is_current()
    {
        var id = CreateJob();
        Commit(t => t.SetJobState(id, new EnqueuedState("first")));
        Commit(t => t.SetJobState(id, new ScheduledState(TimeSpan.FromHours(1)) { Reason = "later" }));
        Commit(t => t.AddJobState(id, new DeletedState { Reason = "only noted" }));

        Assert.Equal("Scheduled", Connection.GetJobData(id).State);
        var state = Connection.GetStateData(id);
        Assert.Equal(("Scheduled", "later"), (state.Name, state.Reason));
        Assert.True(state.Data.ContainsKey("EnqueueAt"));
        Assert.Equal(["Deleted", "Scheduled", "Enqueued"], Monitor.JobDetails(id).History.Select(h => h.StateName));
    }

    [Fact]
    public void Two_states_of_one_transaction_are_both_kept()
    {
        var id = CreateJob();
        Commit(t => t.SetJobState(id, new EnqueuedState()), t => t.SetJobState(id, new DeletedState()));
        Assert.Equal("Deleted", Connection.GetJobData(id).State);
        Assert.Equal(2, Monitor.JobDetails(id).History.Count);
    }

    [Fact]
    public void A_worker_takes_a_job_through_its_states()
    {
        var id = EnqueueJob();
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = 1, Activator = new JobActivator() }, Storage);
        Assert.True(SpinWait.SpinUntil(() => Monitor.SucceededListCount() == 1, Signals.Patience));
        Assert.Equal("Succeeded", Connection.GetJobData(id).State);
        var history = Monitor.JobDetails(id).History;
        Assert.Equal(["Succeeded", "Processing", "Enqueued"], history.Select(state => state.StateName));
        Assert.Equal(history.Select(state => state.CreatedAt).OrderDescending(), history.Select(state => state.CreatedAt));
        Assert.True(history[1].Data.ContainsKey("WorkerId"));
        Assert.Equal((0, 0), (Monitor.ProcessingCount(), Monitor.EnqueuedCount("default")));
    }

    [Fact]
    public void A_job_expires_and_is_kept()
    {
        var id = CreateJob();
        Commit(t => t.PersistJob(id));
        Assert.Null(Monitor.JobDetails(id).ExpireAt);
        Commit(t => t.ExpireJob(id, TimeSpan.FromHours(2)));
        Assert.InRange(Monitor.JobDetails(id).ExpireAt!.Value, DateTime.UtcNow.AddHours(1), DateTime.UtcNow.AddHours(3));
        Commit(t => t.ExpireJob(id, TimeSpan.Zero));
        Assert.Null(Connection.GetJobData(id));
    }

    [Fact]
    public void Jobs_leave_a_queue_in_the_order_in_which_they_came()
    {
        string[] ids = [EnqueueJob(), EnqueueJob(), EnqueueJob()];
        foreach (var id in ids)
        {
            using var job = Fetch("default");
            Assert.Equal(id, job.JobId);
            job.RemoveFromQueue();
        }
    }

    [Fact]
    public void The_first_queue_comes_before_the_others()
    {
        var low = EnqueueJob("low");
        var high = EnqueueJob("high");
        using var first = Fetch("high", "low");
        using var second = Fetch("high", "low");
        Assert.Equal((high, low), (first.JobId, second.JobId));
        first.RemoveFromQueue();
        second.RemoveFromQueue();
    }

    [Fact]
    public void A_requeued_job_is_fetched_again()
    {
        var id = EnqueueJob();
        using (var job = Fetch("default")) job.Requeue();
        using var again = Fetch("default");
        Assert.Equal(id, again.JobId);
        again.RemoveFromQueue();
    }

    [Fact]
    public void Fetching_ends_with_its_token()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Connection.FetchNextJob(["default"], cancelled.Token));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.ThrowsAny<OperationCanceledException>(() => Connection.FetchNextJob(["default"], soon.Token));
        Assert.Throws<ArgumentException>(() => Connection.FetchNextJob([], CancellationToken.None));
        Assert.Throws<ArgumentNullException>(() => Connection.FetchNextJob(null, CancellationToken.None));
    }

    [Fact]
    public async Task A_waiting_worker_gets_the_job_that_comes()
    {
        var fetching = Task.Run(() => Fetch("other", "default"), TestContext.Current.CancellationToken);
        var id = EnqueueJob();
        using var job = await fetching.WaitAsync(Signals.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(id, job.JobId);
        job.RemoveFromQueue();
    }

    [Fact]
    public void A_lock_keeps_others_out_and_its_owner_in()
    {
        using var other = Storage.GetConnection();
        using (Connection.AcquireDistributedLock("resource", TimeSpan.Zero))
        using (Connection.AcquireDistributedLock("resource", TimeSpan.Zero))
        using (other.AcquireDistributedLock("another", TimeSpan.Zero))
        {
            var refused = Assert.Throws<DistributedLockTimeoutException>(
                () => other.AcquireDistributedLock("resource", TimeSpan.FromMilliseconds(20)));
            Assert.Equal("resource", refused.Resource);
        }

        using var free = other.AcquireDistributedLock("resource", TimeSpan.Zero);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lock_of_a_transaction_ends_with_it(bool commit)
    {
        using var other = Storage.GetConnection();
        using (var transaction = (JobStorageTransaction)Connection.CreateWriteTransaction())
        {
            transaction.AcquireDistributedLock("resource", TimeSpan.Zero);
            Assert.Throws<DistributedLockTimeoutException>(() => other.AcquireDistributedLock("resource", TimeSpan.Zero));
            if (commit) transaction.Commit();
        }

        using var free = other.AcquireDistributedLock("resource", TimeSpan.Zero);
    }

    [Fact]
    public void Servers_come_beat_and_go()
    {
        Assert.Throws<BackgroundServerGoneException>(() => Connection.Heartbeat("unknown"));
        Connection.AnnounceServer("b", new ServerContext { Queues = ["q1", "q2"], WorkerCount = 5 });
        Connection.AnnounceServer("a", new ServerContext { Queues = [], WorkerCount = 1 });
        Connection.Heartbeat("b");

        var servers = Monitor.Servers();
        Assert.Equal(["a", "b"], servers.Select(s => s.Name));
        Assert.Equal(["q1", "q2"], servers[1].Queues);
        Assert.Equal(5, servers[1].WorkersCount);
        Assert.InRange(servers[1].Heartbeat!.Value, servers[1].StartedAt, DateTime.UtcNow.AddMinutes(1));

        Assert.Equal(0, Connection.RemoveTimedOutServers(TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentException>(() => Connection.RemoveTimedOutServers(TimeSpan.FromHours(-1)));
        Connection.RemoveServer("a");
        Assert.Equal(1, Monitor.GetStatistics().Servers);
    }

    [Fact]
    public void The_clock_is_UTC() =>
        Assert.InRange(Connection.GetUtcDateTime(), DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddMinutes(1));

    [Fact]
    public void Null_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Connection.GetJobData(null!));
        Assert.Throws<ArgumentNullException>(() => Connection.GetStateData(null!));
        Assert.Throws<ArgumentNullException>(() => Connection.SetJobParameter(null, "a", "b"));
        Assert.Throws<ArgumentNullException>(() => Connection.GetJobParameter("1", null));
        Assert.Throws<ArgumentNullException>(() => Connection.AcquireDistributedLock(null, TimeSpan.Zero));
        Assert.Throws<ArgumentNullException>(() => Connection.AnnounceServer(null, new ServerContext()));
        Assert.Throws<ArgumentNullException>(() => Connection.GetSetCount((string)null!));
        Assert.Throws<ArgumentNullException>(() => Commit(t => t.AddToQueue(null, "1")));
        Assert.Throws<ArgumentNullException>(() => Commit(t => t.SetJobState("1", null)));
        Assert.Throws<ArgumentNullException>(() => Storage.HasFeature(null!));
        Assert.Throws<ArgumentNullException>(() => Monitor.EnqueuedCount(null));
    }
}
