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

    /// <summary>Waits for the turn of a mail, which ends when the result is disposed or after <see cref="Patience"/>.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        return new Turn(_oneAtATime, time);
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
