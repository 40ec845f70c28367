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

    /// <summary>The how manieth failure of its alert; for a success, how many came before it.</summary>
    public int NumberInAlert { get; set; }
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
