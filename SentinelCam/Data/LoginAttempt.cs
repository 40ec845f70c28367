using System.Globalization;

namespace SentinelCam.Data;

/// <summary>
/// A submission of credentials that failed, or that succeeded after three or more failures within an hour. In a flood, one row
/// can stand for many. The password is never stored.
/// </summary>
public sealed class LoginAttempt
{
    /// <summary>Stands for the account of a row that counts attempts at several.</summary>
    public const string SeveralAccounts = "several accounts";

    /// <summary>Stands for an account that was deleted.</summary>
    public const string DeletedAccount = "deleted account";

    /// <summary>Stands for the address of a row that counts attempts from several.</summary>
    public const string SeveralAddresses = "several addresses";

    /// <summary>Stands for the device of a row that counts attempts at several.</summary>
    public const string SeveralDevices = "several devices";

    /// <summary>Stands for the account of a passkey that no account has.</summary>
    public const string UnknownPasskey = "unknown passkey";

    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    public AttemptOrigin Origin { get; set; }

    /// <summary>
    /// The mail address as typed, cut after <c>TypedAccount.MaxKeptBytes</c>; <c>TypedAccount.Mask</c> for any other text. For a
    /// log-in to the device, the name of its user; empty if there is no such user.
    /// </summary>
    public required string AccountTyped { get; set; }

    /// <summary>The owner who is alerted; null: the administrators, if the account is unknown or not approved.</summary>
    public long? OwnerId { get; set; }

    /// <summary>Empty for a log-in by someone in front of the device.</summary>
    public required string RemoteAddress { get; set; }

    /// <summary>What the browser calls itself; empty for a log-in to the device.</summary>
    public required string UserAgent { get; set; }

    /// <summary>
    /// For a log-in to the device: the name under which the program calls PAM, see <see cref="DeviceServices"/>.
    /// </summary>
    public string? Service { get; set; }

    /// <summary>For a log-in to the device: the user who called the program, as with <c>su</c>; null if there is none.</summary>
    public string? Caller { get; set; }

    /// <summary>For a log-in to the device: what its source calls the event, so that it is recorded once.</summary>
    public string? SourceKey { get; set; }

    /// <summary>The name of the device that reported it (<see cref="ReportingDevice"/>); null if it was recorded here.</summary>
    public string? ReportedBy { get; set; }

    /// <summary>
    /// What pages and mails call the device where it happened: the device that reported it, or the node. Null if there was only
    /// one.
    /// </summary>
    public string? Device { get; set; }

    public LoginOutcome Outcome { get; set; }

    /// <summary>Whether it signed in from a browser in which the account had not signed in before.</summary>
    public bool IsNewBrowser { get; set; }

    /// <summary>The alert that this attempt opened or joined.</summary>
    public long AlertId { get; set; }

    /// <summary>Position in its alert, starting at 1; for a success, the number of failures before it.</summary>
    public int NumberInAlert { get; set; }

    /// <summary>The mail that tells the owner, decided when the attempt joins its alert.</summary>
    public ToldBy ToldBy { get; set; }

    /// <summary>
    /// How many attempts this row stands for: more than one in a flood, once attempts without picture and mail are only counted.
    /// </summary>
    public int Count { get; set; } = 1;

    /// <summary>The trace that the capture continues (W3C's <c>traceparent</c>); null unless traces are collected.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The time of the last attempt that this row stands for; null if it stands for one.</summary>
    public DateTimeOffset? LastAt { get; set; }
}

/// <summary>The mail that tells an owner about an attempt.</summary>
/// <remarks>Stored with the attempt, not with its entry, because an owner can delete the entry before the mail leaves.</remarks>
public enum ToldBy
{
    /// <summary>A mail of its own, sent as soon as its capture ends.</summary>
    OwnMail,

    /// <summary>The mail about a later attempt of the same alert, if one is mailed.</summary>
    LaterMail,

    /// <summary>The summary that is sent when the alert closes.</summary>
    Summary,

    /// <summary>None: too many mails of this kind were sent within the hour.</summary>
    Nothing,

    /// <summary>None from here: the device that reported the attempt has told its owner.</summary>
    Device,
}

/// <summary>The outcome of a recorded submission of credentials.</summary>
public enum LoginOutcome
{
    WrongPassword,
    UnknownAccount,
    LockedOut,
    NotApproved,

    /// <summary>The password was right, but the code of the second factor was not: somebody knows the password.</summary>
    WrongCode,

    /// <summary>The device refused a log-in: most often because of a wrong password, but it does not say why.</summary>
    RefusedByDevice,

    /// <summary>Too many passwords waited to be checked, and this one was not.</summary>
    NotChecked,

    /// <summary>The answer of an account's passkey was not valid.</summary>
    PasskeyRefused,

    /// <summary>
    /// The answer of an account's passkey was valid, but its counter has not moved on: the passkey was probably copied.
    /// </summary>
    PasskeyCopied,

    /// <summary>The credentials were right, after three or more failures within an hour. Not a failure.</summary>
    SucceededAfterFailures,

    /// <summary>A test alert that the owner requested. Nobody tried to sign in.</summary>
    Test,

    /// <summary>Signed in from a browser in which the account had not signed in before. Not a failure.</summary>
    SucceededInNewBrowser,
}

/// <summary>Sets of outcomes.</summary>
public static class LoginOutcomes
{
    /// <summary>Those with which somebody got in.</summary>
    public static readonly LoginOutcome[] Successes = [LoginOutcome.SucceededAfterFailures, LoginOutcome.SucceededInNewBrowser];
}

public static class LoginOutcomeWords
{
    /// <summary>The outcome in words for the account's owner, and the number of attempts if there are several.</summary>
    public static string OutcomeInWords(this LoginAttempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return attempt.Count == 1 ? attempt.Outcome.InWords()
            : string.Create(CultureInfo.InvariantCulture, $"{attempt.Outcome.InWords()}, {attempt.Count} attempts");
    }

    /// <summary>The outcome in words for the account's owner.</summary>
    public static string InWords(this LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.WrongPassword => "wrong password",
        LoginOutcome.UnknownAccount => "unknown account",
        LoginOutcome.LockedOut => "account locked after too many failures",
        LoginOutcome.NotApproved => "account not approved yet",
        LoginOutcome.WrongCode => "right password, wrong code",
        LoginOutcome.RefusedByDevice => "refused by the device",
        LoginOutcome.NotChecked => "password not checked, too many at once",
        LoginOutcome.PasskeyRefused => "passkey not accepted",
        LoginOutcome.PasskeyCopied => "passkey not accepted, it may have been copied",
        LoginOutcome.SucceededAfterFailures => "succeeded after several failures",
        LoginOutcome.Test => "test, nobody tried to sign in",
        LoginOutcome.SucceededInNewBrowser => "signed in from a new browser",
        _ => outcome.ToString(),
    };
}
