namespace SentinelCam.Alerts;

/// <summary>The durable record of one mail to one recipient. It exists before the job that sends it.</summary>
public sealed class Delivery
{
    public long Id { get; set; }

    public MailKind Kind { get; set; }

    public long? AlertId { get; set; }

    /// <summary>The entry whose picture the mail carries; null once the entry is deleted, and for a summary.</summary>
    public long? EntryId { get; set; }

    public long? RecipientId { get; set; }

    public required string Recipient { get; set; }

    /// <summary>Without angle brackets. The same for every try, so that a repeated mail is one message to a mail client.</summary>
    public required string MessageId { get; set; }

    public DeliveryState State { get; set; }

    public int Tries { get; set; }

    /// <summary>The mail server's last words, or what went wrong, in one line.</summary>
    public string? LastReply { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When the next try is due, or when the running one began.</summary>
    public DateTimeOffset DueAt { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }
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
