using Hangfire;
using Hangfire.Server;
using Hangfire.States;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Hangfire's own server on the storage, with every poll set to an hour: what happens, happens by a signal.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly TemporaryStorage _temporary = new();
    private readonly string _name = Signals.NewName();
    private readonly BackgroundJobClient _client;

    public ServerTests() => _client = new BackgroundJobClient(_temporary.Storage);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void An_enqueued_job_wakes_a_waiting_worker()
    {
        using var server = _temporary.StartServer();
        for (var i = 0; i < 20; i++)
        {
            var message = $"job {i}";
            _client.Enqueue(() => Signals.Send(_name, message));
            Assert.Equal(message, Signals.Receive(_name));
        }
    }

    [Fact]
    public void A_delayed_job_starts_at_its_time_and_not_at_a_poll()
    {
        using var server = _temporary.StartServer();
        var late = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var due = DateTimeOffset.UtcNow.AddMilliseconds(300 + 150 * i);
            _client.Schedule(() => Signals.Send(_name, "delayed"), due);
            Assert.Equal("delayed", Signals.Receive(_name));
            late.Add(DateTimeOffset.UtcNow - due);
            Assert.True(late[^1] >= TimeSpan.Zero);
        }

        // How late exactly is measured in the benchmarks: here others may have the processor
        Assert.InRange(late.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_continuation_runs_after_its_parent()
    {
        using var server = _temporary.StartServer();
        var parent = _client.Enqueue(() => Signals.Send(_name, "parent"));
        _client.ContinueJobWith(parent, () => Signals.Send(_name, "child"));

        Assert.Equal("parent", Signals.Receive(_name));
        Assert.Equal("child", Signals.Receive(_name));
    }

    [Fact]
    public void A_long_job_is_shown_as_processing_by_other_processes_and_may_get_a_continuation()
    {
        using var server = _temporary.StartServer();
        using var second = _temporary.StartServer();
        var other = _temporary.OpenAnother();
        var (begun, end) = (Signals.NewName(), Signals.NewName());
        var id = _client.Enqueue(() => LongJob.Run(begun, end));
        Assert.Equal("begun", Signals.Receive(begun));
        Assert.Equal(id, _temporary.Monitor().ProcessingJobs(0, 10).Single().Key);
        Assert.True(SpinWait.SpinUntil(() => other.GetMonitoringApi().ProcessingCount() == 1, Signals.Patience));

        new BackgroundJobClient(other).ContinueJobWith(id, () => Signals.Send(_name, "child"));
        Assert.Equal(1, _temporary.Monitor().AwaitingCount());
        Signals.Send(end, "end");
        Assert.Equal("child", Signals.Receive(_name));
    }

    [Fact]
    public void A_job_that_another_process_deletes_while_it_runs_is_told_so()
    {
        using var server = _temporary.StartServer();
        var (begun, end) = (Signals.NewName(), Signals.NewName());
        var id = _client.Enqueue(() => LongJob.RunUnlessDeleted(begun, end, JobCancellationToken.Null));
        Assert.Equal("begun", Signals.Receive(begun));
        Assert.True(new BackgroundJobClient(_temporary.OpenAnother()).Delete(id));
        Signals.Send(end, "end");
        Assert.Equal("deleted", Signals.Receive(begun));
        Assert.True(SpinWait.SpinUntil(() => _temporary.Monitor().FetchedCount("default") == 0, Signals.Patience));
        Assert.Equal((1, 0), (_temporary.Monitor().DeletedListCount(), _temporary.Monitor().SucceededListCount()));
    }

    [Fact]
    public void A_job_in_its_own_queue_is_taken_by_a_server_of_that_queue()
    {
        using var server = _temporary.StartServer(1, "critical", "default");
        _client.Create(() => Signals.Send(_name, "critical"), new EnqueuedState("critical"));
        Assert.Equal("critical", Signals.Receive(_name));
    }

    [Fact]
    public void A_job_that_fails_is_tried_again_at_the_time_that_its_retry_sets()
    {
        using var server = _temporary.StartServer();
        _client.Enqueue(() => FailingOnceJob.Run(_name));
        Assert.Equal("failed", Signals.Receive(_name));
        Assert.Equal("succeeded", Signals.Receive(_name));
        Assert.True(SpinWait.SpinUntil(() => _temporary.Monitor().SucceededListCount() == 1, Signals.Patience));
        var history = _temporary.Monitor().JobDetails(_temporary.Monitor().SucceededJobs(0, 1).Single().Key).History;
        Assert.Equal(
            ["Succeeded", "Processing", "Enqueued", "Scheduled", "Failed", "Processing", "Enqueued"],
            history.Select(state => state.StateName).Where((name, i) => i < 7));
        Assert.Equal(1, _temporary.Monitor().GetStatistics().Succeeded);
        Assert.Equal(0, _temporary.Monitor().GetStatistics().Retries);
    }

    [Fact]
    public void Delayed_jobs_start_in_the_order_of_their_times_though_within_one_second()
    {
        using var server = _temporary.StartServer(workers: 1);
        var second = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 2);
        foreach (var milliseconds in new[] { 600, 200, 400 })
        {
            var message = $"{milliseconds}";
            _client.Schedule(() => Signals.Send(_name, message), second.AddMilliseconds(milliseconds));
        }

        foreach (var milliseconds in new[] { 200, 400, 600 })
        {
            Assert.Equal($"{milliseconds}", Signals.Receive(_name));
            Assert.True(DateTimeOffset.UtcNow >= second.AddMilliseconds(milliseconds));
        }
    }

    [Fact]
    public void A_job_that_is_scheduled_by_another_storage_starts_at_its_time()
    {
        using var server = _temporary.StartServer();
        var due = DateTimeOffset.UtcNow.AddSeconds(1);
        new BackgroundJobClient(_temporary.OpenAnother()).Schedule(() => Signals.Send(_name, "due"), due);
        Assert.Equal("due", Signals.Receive(_name));
        Assert.True(DateTimeOffset.UtcNow >= due);
    }

    [Fact]
    public void A_recurring_job_that_is_triggered_runs_at_once()
    {
        using var server = _temporary.StartServer();
        var manager = new RecurringJobManager(_temporary.Storage);
        manager.AddOrUpdate("nightly", () => Signals.Send(_name, "recurring"), "0 3 * * *");
        manager.Trigger("nightly");
        Assert.Equal("recurring", Signals.Receive(_name));
        manager.RemoveIfExists("nightly");
    }

    [Fact]
    public void A_thousand_jobs_are_run_once_each()
    {
        using var server = _temporary.StartServer(workers: 10);
        for (var i = 0; i < 1_000; i++)
        {
            var message = $"{i}";
            _client.Enqueue(() => Signals.Send(_name, message));
        }

        var ran = Enumerable.Range(0, 1_000).Select(_ => Signals.Receive(_name)).ToHashSet();
        Assert.Equal(1_000, ran.Count);
        Assert.True(SpinWait.SpinUntil(() => _temporary.Monitor().GetStatistics().Succeeded == 1_000, Signals.Patience));
        Assert.Equal(0, _temporary.Monitor().FetchedCount("default"));
    }

    [Fact]
    public void Two_servers_of_one_process_on_two_files_know_nothing_of_each_other()
    {
        using var other = new TemporaryStorage();
        using var server = _temporary.StartServer();
        new BackgroundJobClient(other.Storage).Enqueue(() => Signals.Send(_name, "never"));
        _client.Enqueue(() => Signals.Send(_name, "here"));
        Assert.Equal("here", Signals.Receive(_name));
        Assert.Equal(1, other.Monitor().EnqueuedCount("default"));
    }
}

/// <summary>A job that runs until a test ends it.</summary>
public static class LongJob
{
    public static void Run(string begun, string end)
    {
        Signals.Send(begun, "begun");
        Signals.Receive(end);
    }

    public static void RunUnlessDeleted(string begun, string end, IJobCancellationToken cancellation)
    {
        Run(begun, end);
        try
        {
            cancellation.ThrowIfCancellationRequested();
        }
        catch (JobAbortedException)
        {
            Signals.Send(begun, "deleted");
            throw;
        }
    }
}

/// <summary>A job that fails the first time and is retried at once.</summary>
public static class FailingOnceJob
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> Failed = new();

    [AutomaticRetry(Attempts = 3, DelaysInSeconds = [1])]
    public static void Run(string name)
    {
        if (Failed.TryAdd(name, true))
        {
            Signals.Send(name, "failed");
            throw new InvalidOperationException("once");
        }

        Signals.Send(name, "succeeded");
    }
}
