using Hangfire;
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
        var due = DateTimeOffset.UtcNow.AddMilliseconds(1300);
        _client.Schedule(() => Signals.Send(_name, "delayed"), due);

        Assert.Equal("delayed", Signals.Receive(_name));
        var late = DateTimeOffset.UtcNow - due;
        Assert.InRange(late, TimeSpan.Zero, TimeSpan.FromSeconds(10));
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
    public void A_job_in_its_own_queue_is_taken_by_a_server_of_that_queue()
    {
        using var server = _temporary.StartServer(1, "critical", "default");
        _client.Create(() => Signals.Send(_name, "critical"), new EnqueuedState("critical"));
        Assert.Equal("critical", Signals.Receive(_name));
    }
}
