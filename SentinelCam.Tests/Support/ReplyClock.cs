using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace SentinelCam.Tests.Support;

/// <summary>A clock that a test moves, and that knows when a mail has begun to wait for the reply to its final dot.</summary>
public sealed class ReplyClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private static readonly TimeSpan ReplyLimit = TimeSpan.FromMinutes(10);
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Waits until one more mail waits for its reply.</summary>
    /// <exception cref="TimeoutException">None did within a minute.</exception>
    public Task UntilMailWaitsAsync(CancellationToken cancellationToken) =>
        _waits.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(base.CreateTimer(callback, state, dueTime, period), _waits.Writer);

    private sealed class Timer(ITimer inner, ChannelWriter<TimeSpan> waits) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = inner.Change(dueTime, period);
            if (dueTime == ReplyLimit)
                waits.TryWrite(dueTime);
            return changed;
        }

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
