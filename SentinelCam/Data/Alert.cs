namespace SentinelCam.Data;

/// <summary>
/// One burst of attempts, mailed to its owner as one immediate mail and one summary at the end; or a sign-in from a new browser.
/// </summary>
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

    /// <summary>The name of the device that reported its attempts; null if they were recorded here.</summary>
    public string? ReportedBy { get; set; }

    /// <summary>
    /// The device of its attempts, see <see cref="LoginAttempt.Device"/>, or <see cref="LoginAttempt.SeveralDevices"/>; null if
    /// there was only one.
    /// </summary>
    public string? Device { get; set; }

    /// <summary>Whether its owner requested it, to see that alerts arrive. No other attempt joins it.</summary>
    public bool IsTest { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>An attempt before this time joins, and extends it to <c>AlertOptions.LongestBurst</c> at most.</summary>
    public DateTimeOffset ClosesAt { get; set; }

    /// <summary>When the alert was closed and its summary, if any, was queued.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>The number of failed attempts; 0 if the alert is about a sign-in from a new browser.</summary>
    public int Attempts { get; set; }

    /// <summary>Whether any attempt is reported only by the summary, see <see cref="ToldBy.Summary"/>.</summary>
    public bool NeedsSummary { get; set; }

    /// <summary>The number of the attempt that is mailed at once; null until there is one.</summary>
    public int? MailedFrom { get; set; }

    /// <summary>The number of attempts for which a picture was requested.</summary>
    public int Captures { get; set; }

    public DateTimeOffset? LastCaptureAt { get; set; }

    /// <summary>What its attempts typed as the account, or <see cref="LoginAttempt.SeveralAccounts"/>.</summary>
    public string AccountTyped { get; set; } = "";

    /// <summary>The address of its failures, or <see cref="LoginAttempt.SeveralAddresses"/>.</summary>
    public string RemoteAddress { get; set; } = "";

    /// <summary>The program of its log-ins to the device; null if there were several, or none.</summary>
    public string? Service { get; set; }

    /// <summary>The time of the latest attempt, by which alerts are listed.</summary>
    public DateTimeOffset LastAt { get; set; }

    /// <summary>When somebody got in, after its failures or from a new browser; null if nobody did.</summary>
    public DateTimeOffset? SucceededAt { get; set; }

    /// <summary>When the password was right for the last time, but the code was not; null if that did not happen.</summary>
    public DateTimeOffset? PasswordKnownAt { get; set; }

    /// <summary>How many of its entries were not deleted; without any, nobody sees it. Set by a database trigger.</summary>
    public int Entries { get; set; }

    /// <summary>The owner's answer to "Was it you?".</summary>
    public AlertAnswer Answer { get; set; }

    /// <summary>When the answer was given; null if there is none.</summary>
    public DateTimeOffset? AnsweredAt { get; set; }

    /// <summary>Through what it was given; null if there is none.</summary>
    public AnswerChannel? AnsweredThrough { get; set; }
}

/// <summary>An owner's answer to the question whether they made the attempts of an alert.</summary>
public enum AlertAnswer
{
    /// <summary>There is no answer, or attempts have joined since it was given.</summary>
    New,

    ItWasMe,
    NotMe,
}

/// <summary>Through what an owner answered.</summary>
public enum AnswerChannel
{
    /// <summary>A page of the site.</summary>
    Page,

    /// <summary>The link in a mail.</summary>
    Mail,
}
