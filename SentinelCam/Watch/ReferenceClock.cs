namespace SentinelCam.Watch;

/// <summary>What another machine's clock says: the one that <c>Watch:Ping</c> is called on.</summary>
public sealed class ReferenceClock(TimeProvider time)
{
    /// <summary>A comparison is worth nothing after this time, three calls long.</summary>
    private static readonly TimeSpan Valid = TimeSpan.FromMinutes(16);

    private readonly Lock _lock = new();
    private (TimeSpan Offset, long At)? _last;
    private TimeSpan _before;

    /// <summary>
    /// By how much this machine's clock is ahead, negative if it is behind; null if unknown. Of the last two comparisons, the one
    /// that is nearer to zero: a single odd answer means nothing.
    /// </summary>
    public TimeSpan? Offset
    {
        get
        {
            lock (_lock)
            {
                return _last is not { } last || time.GetElapsedTime(last.At) > Valid ? null
                    : last.Offset.Duration() < _before.Duration() ? last.Offset : _before;
            }
        }
    }

    /// <summary>Compares the clocks.</summary>
    /// <param name="theirs">The other machine's time.</param>
    /// <param name="ours">This machine's time at the same moment.</param>
    public void Compare(DateTimeOffset theirs, DateTimeOffset ours)
    {
        lock (_lock)
        {
            _before = _last is { } last && time.GetElapsedTime(last.At) <= Valid ? last.Offset : TimeSpan.Zero;
            _last = (ours - theirs, time.GetTimestamp());
        }
    }
}
