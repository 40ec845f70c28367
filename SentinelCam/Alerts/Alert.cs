namespace SentinelCam.Alerts;

/// <summary>The conversation with an owner about one burst of attempts: one mail at once, one summary at the end.</summary>
public sealed class Alert
{
    public long Id { get; set; }

    /// <summary>Who is alerted; null: the administrators are, and the burst is told by <see cref="RemoteAddress"/>.</summary>
    public long? OwnerId { get; set; }

    public required string RemoteAddress { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>An attempt before this time joins; each one that does moves it on, to an hour after the opening at most.</summary>
    public DateTimeOffset ClosesAt { get; set; }

    /// <summary>When the alert was closed and its summary, if any, was put in the queue.</summary>
    public DateTimeOffset? ClosedAt { get; set; }
}
