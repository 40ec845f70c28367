namespace SentinelCam.Data;

/// <summary>
/// One submission of credentials that failed, or that succeeded after three or more failures within the hour. The password is
/// never part of it.
/// </summary>
public sealed class LoginAttempt
{
    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>The mail address as typed, cleaned and capped; <c>TypedAccount.Mask</c> where it is not one.</summary>
    public required string AccountTyped { get; set; }

    /// <summary>The owner who is alerted; null where the account is unknown or not approved: the administrators are.</summary>
    public long? OwnerId { get; set; }

    public required string RemoteAddress { get; set; }

    public required string UserAgent { get; set; }

    public LoginOutcome Outcome { get; set; }

    /// <summary>The alert that this attempt opened or joined.</summary>
    public long AlertId { get; set; }

    /// <summary>Position in its alert, starting at 1; for a success, the number of failures before it.</summary>
    public int NumberInAlert { get; set; }

    /// <summary>The mail that tells the owner, decided when the attempt joins its alert.</summary>
    public ToldBy ToldBy { get; set; }
}

/// <summary>The mail that tells an owner about an attempt.</summary>
/// <remarks>Stored with the attempt and not with its entry, because an owner can delete the entry before the mail leaves.</remarks>
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
}

/// <summary>What became of a submission of credentials that was recorded.</summary>
public enum LoginOutcome
{
    WrongPassword,
    UnknownAccount,
    LockedOut,
    NotApproved,

    /// <summary>The password was right, after three or more failures within the hour. This one is no failure.</summary>
    SucceededAfterFailures,
}

public static class LoginOutcomeWords
{
    /// <summary>Why an attempt failed, or how it succeeded, in words for the account's owner.</summary>
    public static string InWords(this LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.WrongPassword => "wrong password",
        LoginOutcome.UnknownAccount => "unknown account",
        LoginOutcome.LockedOut => "account locked after too many failures",
        LoginOutcome.NotApproved => "account not approved yet",
        LoginOutcome.SucceededAfterFailures => "signed in after several failures",
        _ => outcome.ToString(),
    };
}
