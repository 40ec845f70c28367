using SentinelCam.Accounts;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Counts guesses that could not be recorded because the database is not writable. Nobody is alerted to them, so after a few of
/// them even the right password is rejected.
/// </summary>
public sealed class UnrecordedGuesses(TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _count;
    private DateTimeOffset _last;

    /// <summary>Whether there were enough recent ones to lock an account.</summary>
    public bool AreTooMany
    {
        get
        {
            lock (_lock)
                return _count >= SignInPolicy.MaxFailures && IsRecent(time.GetUtcNow());
        }
    }

    public void Add()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _count = IsRecent(now) ? _count + 1 : 1;
            _last = now;
        }
    }

    /// <summary>Resets the count once the database is writable again.</summary>
    public void Clear()
    {
        lock (_lock)
            _count = 0;
    }

    private bool IsRecent(DateTimeOffset now) => (now - _last).Duration() < SignInPolicy.LockoutTime;
}
