namespace SentinelCam.Data;

/// <summary>The durable record of one mail to one recipient. It exists before the job that sends it.</summary>
public sealed class Delivery
{
    public long Id { get; set; }

    public MailKind Kind { get; set; }

    public long? AlertId { get; set; }

    /// <summary>The entry whose picture the mail carries; null once the entry is deleted, and for a mail that has none.</summary>
    public long? EntryId { get; set; }

    /// <summary>Whose mail it is, also where it goes to that person's extra recipient.</summary>
    public long? RecipientId { get; set; }

    public required string Recipient { get; set; }

    /// <summary>Without angle brackets. The same for every try, so that a repeated mail is one message to a mail client.</summary>
    public required string MessageId { get; set; }

    /// <summary>For <see cref="MailKind.SettingsChanged"/>: what changed, one change per line.</summary>
    public string? Changes { get; set; }

    /// <summary>For <see cref="MailKind.ConfirmRecipient"/>: the site's address, which the confirmation link starts with.</summary>
    public string? SiteAddress { get; set; }

    public DeliveryState State { get; set; }

    /// <summary>How often it was tried, counted anew when it is sent again by hand.</summary>
    public int Tries { get; set; }

    /// <summary>The mail server's last words, or what went wrong, in one line.</summary>
    public string? LastReply { get; set; }

    /// <summary>The last try failed because the mail server did not let SentinelCam sign in.</summary>
    public bool SignInRefused { get; set; }

    /// <summary>The mail's Date.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>From when on its five days count: its creation, or the last time that it was sent again by hand.</summary>
    public DateTimeOffset QueuedAt { get; set; }

    /// <summary>When the next try is due.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the try that is under way began; null while none is.</summary>
    public DateTimeOffset? SendingSince { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>The server that accepted it, with its port; or the outbox.</summary>
    public string? AcceptedBy { get; set; }

    /// <summary>When its owner said to know that it has failed.</summary>
    public DateTimeOffset? AcknowledgedAt { get; set; }
}

/// <summary>How far a mail is.</summary>
public enum DeliveryState
{
    /// <summary>Due at <see cref="Delivery.DueAt"/>.</summary>
    Waiting,

    /// <summary>A job talks to the mail server.</summary>
    Sending,

    Accepted,

    /// <summary>Refused for good, or given up after five days.</summary>
    Failed,
}
