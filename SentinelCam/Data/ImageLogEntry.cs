namespace SentinelCam.Data;

/// <summary>
/// One line of the owner's list: the wish for a picture, and what became of it. Written together with the login
/// attempt (or by "capture now"), completed by the capture job. In a flood most entries begin as <see cref="CaptureState.Failed"/>.
/// </summary>
public sealed class ImageLogEntry
{
    public long Id { get; set; }

    /// <summary>The account that sees the entry; null: the administrators do.</summary>
    public long? OwnerId { get; set; }

    public CaptureTrigger Trigger { get; set; }

    /// <summary>The moment that the picture should show.</summary>
    public DateTimeOffset At { get; set; }

    public long? LoginAttemptId { get; set; }

    public LoginAttempt? LoginAttempt { get; set; }

    /// <summary>The attempt's outcome once more, so that an index leads from it to the entries; null for a manual capture.</summary>
    public LoginOutcome? Outcome { get; set; }

    /// <summary>What became of the mails about this entry; null where it has none. Written by the database itself.</summary>
    public MailState? MailState { get; set; }

    /// <summary>The alert of the attempt; null for a manual capture.</summary>
    public long? AlertId { get; set; }

    public CaptureState CaptureState { get; set; }

    public int CaptureTries { get; set; }

    /// <summary>Why there is no picture (yet), with the remedy, for the owner to read.</summary>
    public string? CaptureProblem { get; set; }

    /// <summary>When the next try of the capture is due.</summary>
    public DateTimeOffset CaptureDueAt { get; set; }

    public Snapshot? Snapshot { get; set; }
}

/// <summary>What asked for the picture.</summary>
public enum CaptureTrigger
{
    FailedLogin,
    Manual,

    /// <summary>A sign-in that succeeded after three or more failures within the hour.</summary>
    SuccessAfterFailures,
}

/// <summary>What became of the mails about an entry, all taken together.</summary>
public enum MailState
{
    /// <summary>One at least is still to be sent, and none has failed.</summary>
    Waiting,

    Accepted,

    /// <summary>One at least was refused for good, or given up.</summary>
    Failed,
}

/// <summary>How far a capture is.</summary>
public enum CaptureState
{
    Waiting,
    Taken,
    Failed,
}
