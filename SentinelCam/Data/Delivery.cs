namespace SentinelCam.Data;

/// <summary>The durable record of one mail to one recipient. It is committed before the job that sends it is enqueued.</summary>
public sealed class Delivery
{
    public long Id { get; set; }

    public MailKind Kind { get; set; }

    public long? AlertId { get; set; }

    /// <summary>The entry whose picture the mail carries; null if there is none, or it was deleted.</summary>
    public long? EntryId { get; set; }

    /// <summary>The account that the mail belongs to, even if it is sent to the account's second address.</summary>
    public long? RecipientId { get; set; }

    public required string Recipient { get; set; }

    /// <summary>Without angle brackets. Every try uses it, so that mail programs treat duplicates as one message.</summary>
    public required string MessageId { get; set; }

    /// <summary>
    /// For <see cref="MailKind.SettingsChanged"/> and the mails about an account: what changed, one change per line. For
    /// <see cref="MailKind.WatchNotice"/> and
    /// <see cref="MailKind.SelfTest"/>: the subject, then the text, one paragraph per line. For a
    /// mail with a link: remarks.
    /// </summary>
    public string? Changes { get; set; }

    /// <summary>For <see cref="MailKinds.WithLink"/>: the site's address, which starts the link.</summary>
    public string? SiteAddress { get; set; }

    public DeliveryState State { get; set; }

    /// <summary>The number of tries, reset when the mail is sent again by hand.</summary>
    public int Tries { get; set; }

    /// <summary>The mail server's last reply, or the last error, in one line.</summary>
    public string? LastReply { get; set; }

    /// <summary>Whether the last try failed because the mail server rejected SentinelCam's sign-in.</summary>
    public bool SignInRefused { get; set; }

    /// <summary>Whether the last try ended without a reply to the complete message, so that the mail may have arrived.</summary>
    public bool MayHaveArrived { get; set; }

    /// <summary>The mail's Date header.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When its five days began: its creation, or the last time it was sent again by hand.</summary>
    public DateTimeOffset QueuedAt { get; set; }

    /// <summary>When the next try is due.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the current try began; null if none is running.</summary>
    public DateTimeOffset? SendingSince { get; set; }

    /// <summary>The node that sends it, or sent it last, as in <c>Node:Name</c>; null if a version without nodes did.</summary>
    public string? SentBy { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>The server that accepted it, with its port, or the outbox.</summary>
    public string? AcceptedBy { get; set; }

    /// <summary>When its owner answered "Was it you?" with the link in this mail, which works once.</summary>
    public DateTimeOffset? AnsweredAt { get; set; }

    /// <summary>The trace that the try continues (W3C's <c>traceparent</c>); null unless traces are collected.</summary>
    public string? TraceParent { get; set; }

    /// <summary>When its owner dismissed the notice of its failure.</summary>
    public DateTimeOffset? AcknowledgedAt { get; set; }
}

/// <summary>The state of a mail.</summary>
public enum DeliveryState
{
    /// <summary>Due at <see cref="Delivery.DueAt"/>.</summary>
    Waiting,

    /// <summary>A job is sending it.</summary>
    Sending,

    Accepted,

    /// <summary>Rejected permanently, or abandoned after five days.</summary>
    Failed,
}
