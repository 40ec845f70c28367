using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>
/// Slows strangers down who guess at many accounts: after some wrong passwords from an address or its network, for all accounts
/// together, the next one is checked only after a delay that doubles each time. Known browsers do not wait. Kept in memory: a
/// restart forgets it, and the locks of the accounts remain.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="freePerAddress">How many wrong passwords from an address (an IPv6 /64) are checked without a delay.</param>
/// <param name="freePerNetwork">The same for a network: an IPv4 /24 or an IPv6 /48.</param>
public sealed class SignInDelays(
    TimeProvider time, int freePerAddress = SignInDelays.FreePerAddress, int freePerNetwork = SignInDelays.FreePerNetwork)
{
    public const int FreePerAddress = 10, FreePerNetwork = 50;

    /// <summary>The longest delay.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>The time after which one wrong password is forgotten.</summary>
    public static readonly TimeSpan Forgets = TimeSpan.FromMinutes(10);

    /// <summary>More would use up memory; the oldest are forgotten.</summary>
    private const int MaxEntries = 20_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Count> _counts = new(StringComparer.Ordinal);

    /// <summary>
    /// Counts a password that a stranger has typed, before it is checked, so that parallel guesses pass no limit. A right one is
    /// taken back.
    /// </summary>
    /// <returns>Null if it may be checked. Otherwise the time to wait; it is not counted then.</returns>
    public TimeSpan? Begin(Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var counts = KeysOf(visitor).Select(key => (Count: Of(key.Name, now), key.Free)).ToList();
            var wait = counts.Max(c => c.Count.Wait(time, now));
            if (wait > TimeSpan.Zero)
                return wait;
            foreach (var (count, free) in counts)
                count.Add(time, now, free);
            return null;
        }
    }

    /// <summary>Takes back a password that was right.</summary>
    public void Undo(Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        lock (_lock)
        {
            foreach (var (name, _) in KeysOf(visitor))
                Of(name, time.GetTimestamp()).Undo();
        }
    }

    /// <summary>The counts of a visitor: of the address and of the network around it.</summary>
    private IEnumerable<(string Name, int Free)> KeysOf(Visitor visitor) =>
    [
        (RemoteNetwork.Of(visitor.RemoteAddress), freePerAddress),
        ($"around {RemoteNetwork.AroundOf(visitor.RemoteAddress)}", freePerNetwork),
    ];

    private Count Of(string name, long now)
    {
        if (_counts.TryGetValue(name, out var count))
        {
            count.Forget(time, now);
            return count;
        }

        if (_counts.Count >= MaxEntries)
        {
            foreach (var (old, its) in _counts)
            {
                its.Forget(time, now);
                if (its.Failures == 0)
                    _counts.Remove(old);
            }

            if (_counts.Count >= MaxEntries)
                _counts.Clear();
        }

        return _counts[name] = new Count(now);
    }

    private sealed class Count(long now)
    {
        private long _forgotAt = now;
        private long _lastAt = now;
        private TimeSpan _delay;

        public int Failures { get; private set; }

        public TimeSpan Wait(TimeProvider time, long now) => _delay - time.GetElapsedTime(_lastAt, now);

        public void Add(TimeProvider time, long now, int free)
        {
            Failures++;
            _lastAt = now;
            var doublings = Failures - free;
            _delay = doublings < 0 ? TimeSpan.Zero
                : doublings < 10 ? TimeSpan.FromSeconds(1 << doublings) : Longest;
        }

        public void Undo() => Failures = Math.Max(0, Failures - 1);

        public void Forget(TimeProvider time, long now)
        {
            var forgotten = (int)Math.Min(Failures, time.GetElapsedTime(_forgotAt, now) / Forgets);
            Failures -= forgotten;
            _forgotAt = Failures == 0 ? now : _forgotAt + (long)(forgotten * Forgets.TotalSeconds * time.TimestampFrequency);
        }
    }
}
