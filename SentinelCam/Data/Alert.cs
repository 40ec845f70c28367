namespace SentinelCam.Data;

/// <summary>The conversation with an owner about one burst of attempts: one mail at once, one summary at the end.</summary>
public sealed class Alert
{
    /// <summary>Stands for the network of an alert that holds the guesses from all addresses beyond <c>AlertOptions.MaxOwnerlessPerHour</c>.</summary>
    public const string ManyNetworks = "many";

    public long Id { get; set; }

    /// <summary>Who is alerted; null: the administrators are, and the burst is told by <see cref="RemoteNetwork"/>.</summary>
    public long? OwnerId { get; set; }

    /// <summary>Where the first attempt came from, see <c>Visitors.RemoteNetwork</c>; or <see cref="ManyNetworks"/>.</summary>
    public required string RemoteNetwork { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>An attempt before this time joins; each one that does moves it on, to an hour after the opening at most.</summary>
    public DateTimeOffset ClosesAt { get; set; }

    /// <summary>When the alert was closed and its summary, if any, was put in the queue.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>How many failed attempts it counts.</summary>
    public int Attempts { get; set; }

    /// <summary>Whether an attempt has joined that only the summary tells about, see <see cref="ToldBy.Summary"/>.</summary>
    public bool NeedsSummary { get; set; }

    /// <summary>The number of the attempt that is mailed at once; null while there is none.</summary>
    public int? MailedFrom { get; set; }

    /// <summary>For how many of its attempts a picture was asked.</summary>
    public int Captures { get; set; }

    public DateTimeOffset? LastCaptureAt { get; set; }
}
