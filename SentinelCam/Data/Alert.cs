namespace SentinelCam.Data;

/// <summary>One burst of attempts, mailed to its owner as one immediate mail and one summary at the end.</summary>
public sealed class Alert
{
    /// <summary>The network of the shared alert for all guesses beyond <c>AlertOptions.MaxOwnerlessPerHour</c>.</summary>
    public const string ManyNetworks = "many";

    public long Id { get; set; }

    /// <summary>Who is alerted; null: the administrators, with one alert per <see cref="RemoteNetwork"/>.</summary>
    public long? OwnerId { get; set; }

    /// <summary>Where its attempts came from, so that a flood over the network hides nobody at the device.</summary>
    public AttemptOrigin Origin { get; set; }

    /// <summary>
    /// The network of the first attempt, see <c>Visitors.RemoteNetwork</c>; at the device, its user; or
    /// <see cref="ManyNetworks"/>.
    /// </summary>
    public required string RemoteNetwork { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>An attempt before this time joins, and extends it to <c>AlertOptions.LongestBurst</c> at most.</summary>
    public DateTimeOffset ClosesAt { get; set; }

    /// <summary>When the alert was closed and its summary, if any, was queued.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>The number of failed attempts.</summary>
    public int Attempts { get; set; }

    /// <summary>Whether any attempt is reported only by the summary, see <see cref="ToldBy.Summary"/>.</summary>
    public bool NeedsSummary { get; set; }

    /// <summary>The number of the attempt that is mailed at once; null until there is one.</summary>
    public int? MailedFrom { get; set; }

    /// <summary>The number of attempts for which a picture was requested.</summary>
    public int Captures { get; set; }

    public DateTimeOffset? LastCaptureAt { get; set; }
}
