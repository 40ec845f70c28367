namespace SentinelCam.LoginAttempts;

/// <summary>
/// Remembers guesses that could not be recorded, since the database cannot be written. They are neither counted nor told to anybody,
/// so after a few of them a right password that leaves nothing to record is no longer believed.
/// </summary>
public sealed class UnrecordedGuesses(TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _count;
    private DateTimeOffset _last;

    /// <summary>Whether as many came as would have locked an account.</summary>
    public bool AreTooMany
    {
        get
        {
            lock (_lock)
                return _count >= LoginAttemptRecorder.MaxFailures && (time.GetUtcNow() - _last).Duration() < LoginAttemptRecorder.LockoutTime;
        }
    }

    public void Add()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _count = (now - _last).Duration() < LoginAttemptRecorder.LockoutTime ? _count + 1 : 1;
            _last = now;
        }
    }

    /// <summary>The database can be written again.</summary>
    public void Clear()
    {
        lock (_lock)
            _count = 0;
    }
}
