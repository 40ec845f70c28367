namespace SentinelCam.Data;

/// <summary>
/// One line of the owner's list: a request for a picture, and its result. It is written with the login attempt or by "capture
/// now", and completed by the capture job. In a flood, most entries start as <see cref="CaptureState.Failed"/>.
/// </summary>
public sealed class ImageLogEntry
{
    public long Id { get; set; }

    /// <summary>The account that can see the entry; null: the administrators.</summary>
    public long? OwnerId { get; set; }

    public CaptureTrigger Trigger { get; set; }

    /// <summary>The moment that the picture is to show.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>
    /// By how many seconds the clock was set later because it was wrong at <see cref="At"/>: the true time is about that much
    /// later, or earlier if negative. Null if the clock is not known to have been wrong.
    /// </summary>
    public long? ClockErrorSeconds { get; set; }

    public long? LoginAttemptId { get; set; }

    public LoginAttempt? LoginAttempt { get; set; }

    /// <summary>A copy of the attempt's outcome, so that entries can be indexed by it; null for a manual capture.</summary>
    public LoginOutcome? Outcome { get; set; }

    /// <summary>A copy of the attempt's origin, so that entries can be indexed by it; null for a manual capture.</summary>
    public AttemptOrigin? Origin { get; set; }

    /// <summary>The combined state of the mails about this entry; null if there are none. Set by a database trigger.</summary>
    public MailState? MailState { get; set; }

    /// <summary>The alert of the attempt; null for a manual capture.</summary>
    public long? AlertId { get; set; }

    /// <summary>
    /// The node whose camera takes the picture: that of the attempt, or the one that was asked to capture. Null if it was
    /// reported, or recorded by a version without nodes.
    /// </summary>
    public string? Node { get; set; }

    public CaptureState CaptureState { get; set; }

    public int CaptureTries { get; set; }

    /// <summary>Why there is no picture (yet), and the remedy, in words for the owner.</summary>
    public string? CaptureProblem { get; set; }

    /// <summary>When the next try of the capture is due.</summary>
    public DateTimeOffset CaptureDueAt { get; set; }

    public Snapshot? Snapshot { get; set; }
}

/// <summary>What triggered the capture.</summary>
public enum CaptureTrigger
{
    FailedLogin,
    Manual,

    /// <summary>A sign-in that succeeded after three or more failures within the hour.</summary>
    SuccessAfterFailures,

    /// <summary>A test alert that the owner requested.</summary>
    Test,

    /// <summary>A sign-in from a browser in which the account had not signed in before.</summary>
    NewBrowser,
}

/// <summary>The combined state of all mails about an entry.</summary>
public enum MailState
{
    /// <summary>At least one is still to be sent, and none has failed.</summary>
    Waiting,

    Accepted,

    /// <summary>At least one was rejected permanently or abandoned.</summary>
    Failed,
}

/// <summary>The state of a capture.</summary>
public enum CaptureState
{
    Waiting,
    Taken,
    Failed,
}
