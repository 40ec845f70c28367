namespace SentinelCam.Data;

/// <summary>
/// Something that happened to an account, or that an administrator did to the site. Lines are never changed, and only retention
/// removes them: triggers refuse everything else. They contain no names of accounts, which are looked up
/// by id, so that nothing has to be changed when an account is deleted, and no secrets.
/// </summary>
public sealed class AccountActivity
{
    /// <summary>Follows the order in which lines were written, whatever the clock said.</summary>
    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>The account that it concerns, which may have been deleted since; null if it concerns none.</summary>
    public long? AccountId { get; set; }

    public ActivityActor Actor { get; set; }

    /// <summary>The account that did it, if somebody was signed in.</summary>
    public long? ActorId { get; set; }

    public ActivityKind Kind { get; set; }

    /// <summary>What <see cref="Kind"/> does not say, such as a number or a masked address; empty if nothing.</summary>
    public required string Detail { get; set; }

    /// <summary>The alert that it belongs to, which says more while it exists.</summary>
    public long? AlertId { get; set; }

    /// <summary>Where the request came from; empty if there was none.</summary>
    public required string RemoteAddress { get; set; }

    /// <summary>The browser in words; empty if there was none.</summary>
    public required string Browser { get; set; }
}

/// <summary>Who did something to an account.</summary>
public enum ActivityActor
{
    /// <summary>The account's owner, or who had its password or session.</summary>
    Owner,

    /// <summary>Another account, which can only be an administrator's.</summary>
    Administrator,

    /// <summary>A visitor who was not signed in, such as the reader of a mailed link.</summary>
    Visitor,

    /// <summary>SentinelCam itself.</summary>
    System,

    /// <summary>A command on the machine, such as <c>SentinelCam account reset-password</c>.</summary>
    CommandLine,
}
