using System.Collections.Concurrent;

namespace SentinelCam.Jobs;

/// <summary>
/// Lets mails be sent one at a time, so that a power cut leaves one in doubt. A mail that takes long lets the next one begin:
/// otherwise a server that replies to one mail after ten minutes would delay everyone's alerts by that.
/// </summary>
public sealed class MailTurns(TimeProvider time) : IDisposable
{
    /// <summary>How many mails can be sent at the same time, at most.</summary>
    public const int Most = 4;

    /// <summary>How long a mail keeps the others waiting. Most are sent within a second.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly ConcurrentQueue<long> _inDoubt = [];

    /// <summary>
    /// Makes these mails go first. A crash cut them off and may repeat them: if others went first, the next crash would leave
    /// more of them in doubt.
    /// </summary>
    /// <param name="deliveryIds">The ids of their deliveries.</param>
    public void PutFirst(IEnumerable<long> deliveryIds)
    {
        foreach (var id in deliveryIds)
            _inDoubt.Enqueue(id);
    }

    /// <summary>Waits for a turn, which ends when it is disposed or after <see cref="Patience"/>.</summary>
    /// <param name="deliveryId">The mail that wants the turn.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The turn and whose it is: a mail that was put first takes precedence.</returns>
    public async Task<(IDisposable Turn, long DeliveryId)> TakeAsync(long deliveryId, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        return (new Turn(_oneAtATime, time), _inDoubt.TryDequeue(out var first) ? first : deliveryId);
    }

    public void Dispose() => _oneAtATime.Dispose();

    private sealed class Turn : IDisposable
    {
        private readonly ITimer _timer;
        private SemaphoreSlim? _oneAtATime;

        public Turn(SemaphoreSlim oneAtATime, TimeProvider time)
        {
            _oneAtATime = oneAtATime;
            _timer = time.CreateTimer(_ => End(), null, Patience, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _timer.Dispose();
            End();
        }

        private void End() => Interlocked.Exchange(ref _oneAtATime, null)?.Release();
    }
}
