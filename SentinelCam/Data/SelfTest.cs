namespace SentinelCam.Data;

/// <summary>The weekly test: where it is, and when the next one is due. The table has at most one row.</summary>
public sealed class SelfTest
{
    public long Id { get; set; }

    /// <summary>When the next test begins.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the test began whose mails are on their way; null if none is.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>The first of its deliveries; they have neighbouring ids.</summary>
    public long FirstDeliveryId { get; set; }
}
