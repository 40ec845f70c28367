using Hangfire.States;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>What the dashboard reads.</summary>
public abstract partial class Conformance
{
    [Fact]
    public void An_empty_storage_has_empty_pages()
    {
        var statistics = Monitor.GetStatistics();
        Assert.Equal(0, statistics.Enqueued + statistics.Failed + statistics.Succeeded + statistics.Deleted + statistics.Servers);
        Assert.Equal(0, statistics.Awaiting);
        Assert.Equal(0, statistics.Retries);
        Assert.Empty(Monitor.Queues());
        Assert.Empty(Monitor.Servers());
        Assert.Empty(Monitor.EnqueuedJobs("default", 0, 10));
        Assert.Empty(Monitor.FetchedJobs("default", 0, 10));
        Assert.Empty(Monitor.ProcessingJobs(0, 10));
        Assert.Empty(Monitor.ScheduledJobs(0, 10));
        Assert.Empty(Monitor.SucceededJobs(0, 10));
        Assert.Empty(Monitor.FailedJobs(0, 10));
        Assert.Empty(Monitor.DeletedJobs(0, 10));
        Assert.Empty(Monitor.AwaitingJobs(0, 10));
        Assert.Equal(0, Monitor.FetchedCount("default"));
    }

    [Fact]
    public void The_statistics_count_each_state()
    {
        EnqueueJob();
        EnqueueJob("other");
        Commit(Enter(CreateJob(), new ScheduledState(TimeSpan.FromHours(1))));
        Commit(Enter(CreateJob(), new FailedState(new InvalidOperationException("no"))));
        Commit(Enter(CreateJob(), new AwaitingState("1")));
        Commit(t => t.IncrementCounter("stats:succeeded"), t => t.IncrementCounter("stats:deleted"));
        Commit(t => t.AddToSet("recurring-jobs", "r"), t => t.AddToSet("retries", "1"));

        var statistics = Monitor.GetStatistics();
        Assert.Equal(2, statistics.Enqueued);
        Assert.Equal(2, statistics.Queues);
        Assert.Equal(1, statistics.Scheduled);
        Assert.Equal(1, statistics.Failed);
        Assert.Equal(1, statistics.Awaiting);
        Assert.Equal(1, statistics.Succeeded);
        Assert.Equal(1, statistics.Deleted);
        Assert.Equal(1, statistics.Recurring);
        Assert.Equal(1, statistics.Retries);
        Assert.Equal((1, 1, 0), (Monitor.ScheduledCount(), Monitor.FailedCount(), Monitor.ProcessingCount()));
        Assert.Equal((1, 0, 0), (Monitor.AwaitingCount(), Monitor.SucceededListCount(), Monitor.DeletedListCount()));
    }

    [Fact]
    public void Queues_show_their_length_and_first_jobs()
    {
        var ids = Enumerable.Range(0, 7).Select(_ => EnqueueJob()).ToArray();
        EnqueueJob("another");
        var queues = Monitor.Queues();
        Assert.Equal(["another", "default"], queues.Select(q => q.Name));
        Assert.Equal(7, queues[1].Length);
        Assert.Equal(ids[..5], queues[1].FirstJobs.Select(j => j.Key));
        Assert.True(queues[1].FirstJobs[0].Value.InEnqueuedState);
        Assert.NotNull(queues[1].FirstJobs[0].Value.EnqueuedAt);
        Assert.Equal(ids[2..4], Monitor.EnqueuedJobs("default", 2, 2).Select(j => j.Key));
        Assert.Equal(7, Monitor.EnqueuedCount("default"));
    }

    [Fact]
    public void A_job_in_a_queue_whose_state_is_another_says_so()
    {
        var id = EnqueueJob();
        Commit(Enter(id, new DeletedState()));
        var (_, row) = Monitor.EnqueuedJobs("default", 0, 10).Single();
        Assert.False(row.InEnqueuedState);
        Assert.Equal("Deleted", row.State);
        Assert.Null(row.EnqueuedAt);
    }

    [Fact]
    public void Finished_jobs_come_newest_first_and_waiting_ones_oldest_first()
    {
        var ids = Enumerable.Range(0, 3).Select(_ => CreateJob()).ToArray();
        foreach (var id in ids) Commit(Enter(id, new DeletedState()));
        Assert.Equal(ids.Reverse(), Monitor.DeletedJobs(0, 10).Select(j => j.Key));
        Assert.Equal([ids[1]], Monitor.DeletedJobs(1, 1).Select(j => j.Key));
        foreach (var id in ids) Commit(Enter(id, new ScheduledState(TimeSpan.FromHours(1))));
        Assert.Equal(ids, Monitor.ScheduledJobs(0, 10).Select(j => j.Key));
        Assert.Equal(0, Monitor.DeletedListCount());
    }

    [Fact]
    public void A_succeeded_job_shows_result_and_duration()
    {
        Commit(Enter(CreateJob(), new SucceededState("done", 10, 20)));
        var row = Monitor.SucceededJobs(0, 10).Single().Value;
        Assert.Equal(30, row.TotalDuration);
        Assert.Equal("\"done\"", row.Result);
        Assert.True(row.InSucceededState);
        Assert.NotNull(row.SucceededAt);
        Assert.NotNull(row.Job);
        Assert.NotNull(row.InvocationData);
    }

    [Fact]
    public void A_failed_job_shows_its_exception()
    {
        Commit(Enter(CreateJob(), new FailedState(new InvalidOperationException("no")) { Reason = "why" }));
        var row = Monitor.FailedJobs(0, 10).Single().Value;
        Assert.Equal(("System.InvalidOperationException", "no", "why"), (row.ExceptionType, row.ExceptionMessage, row.Reason));
        Assert.Contains("no", row.ExceptionDetails, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scheduled_and_a_waiting_job_show_what_they_wait_for()
    {
        var parent = EnqueueJob();
        var due = DateTime.UtcNow.AddHours(1);
        Commit(Enter(CreateJob(), new ScheduledState(due)));
        Commit(Enter(CreateJob(), new AwaitingState(parent)));
        Assert.InRange(Monitor.ScheduledJobs(0, 10).Single().Value.EnqueueAt, due.AddSeconds(-1), due.AddSeconds(1));
        Assert.Equal("Enqueued", Monitor.AwaitingJobs(0, 10).Single().Value.ParentStateName);
    }

    [Fact]
    public void The_graphs_have_seven_days_and_24_hours_with_the_counts_of_today()
    {
        foreach (var kind in new[] { "succeeded", "failed", "deleted" })
        {
            Commit(
                t => t.IncrementCounter($"stats:{kind}:{DateTime.UtcNow:yyyy-MM-dd}"),
                t => t.IncrementCounter($"stats:{kind}:{DateTime.UtcNow:yyyy-MM-dd-HH}"));
        }

        foreach (var days in new[] { Monitor.SucceededByDatesCount(), Monitor.FailedByDatesCount(), Monitor.DeletedByDatesCount() })
        {
            Assert.Equal(7, days.Count);
            Assert.Equal(1, days.Values.Sum());
        }

        foreach (var hours in new[] { Monitor.HourlySucceededJobs(), Monitor.HourlyFailedJobs(), Monitor.HourlyDeletedJobs() })
        {
            Assert.Equal(24, hours.Count);
            Assert.Equal(1, hours.Values.Sum());
        }
    }

    private static Action<Hangfire.Storage.JobStorageTransaction> Enter(string id, IState state) => t => t.SetJobState(id, state);
}
