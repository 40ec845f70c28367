using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>A picture for a mail.</summary>
/// <param name="Jpeg">The JPEG file. It is sent unchanged if all pictures of the mail fit.</param>
/// <param name="FileName">The name of the attachment.</param>
/// <param name="TakenAt">When the frame was taken.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Label">A warning about the picture, such as "DEMO" or "black picture"; or null.</param>
/// <param name="Attempt">The number of the attempt within its burst that the picture belongs to; or null.</param>
/// <param name="ScaledFrom">The size of the original, such as "2400 x 1800", if the picture was reduced; or null.</param>
public sealed record MailPicture(
    byte[] Jpeg,
    string FileName,
    DateTimeOffset TakenAt,
    int Width,
    int Height,
    string? Label,
    int? Attempt = null,
    string? ScaledFrom = null);

/// <summary>A sign-in as a mail describes it. The texts may be a visitor's.</summary>
/// <param name="Id">The attempt's number.</param>
/// <param name="At">When it happened.</param>
/// <param name="AccountTyped">What was typed as the account.</param>
/// <param name="RemoteAddress">The address that the request came from.</param>
/// <param name="UserAgent">What the browser calls itself.</param>
/// <param name="Outcome">The outcome in words.</param>
/// <param name="Number">Its position in its burst, starting at 1.</param>
public sealed record MailAttempt(
    long Id,
    DateTimeOffset At,
    string AccountTyped,
    string RemoteAddress,
    string UserAgent,
    string Outcome,
    int Number = 1)
{
    /// <summary>Where the credentials were submitted.</summary>
    public AttemptOrigin Origin { get; init; }

    /// <summary>The device where it happened; null if there is only one.</summary>
    public string? Device { get; init; }

    /// <summary>For a log-in to the device: the name under which the program calls PAM.</summary>
    public string? Service { get; init; }

    /// <summary>For a log-in to the device: the user who called the program, or null.</summary>
    public string? Caller { get; init; }

    /// <summary>Where the person was.</summary>
    public RemoteKind Place => Origin is AttemptOrigin.AtDevice ? RemoteKind.ThisMachine : RemotePlace.KindOf(RemoteAddress);
}

/// <summary>An address that attempts of a burst came from, and how many.</summary>
public sealed record MailAddress(string RemoteAddress, int Attempts);

/// <summary>Everything that a mail says, before formatting.</summary>
public sealed record AlertContent
{
    /// <summary>What the mail is about.</summary>
    public required MailKind Kind { get; init; }

    /// <summary>The recipient's mail address.</summary>
    public required string To { get; init; }

    /// <summary>The recipient's name, or null.</summary>
    public string? ToName { get; init; }

    /// <summary>The sender's mail address, optionally with a display name.</summary>
    public required string From { get; init; }

    /// <summary>The Message-ID, without angle brackets.</summary>
    public required string MessageId { get; init; }

    /// <summary>The Message-ID of the mail that this one replies to, or null for the first mail of an alert.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>The Message-IDs of the earlier mails of the same alert, oldest first.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The account concerned: what was typed in the attempts, otherwise its mail address.</summary>
    public required string AccountName { get; init; }

    /// <summary>Whether the attempts were for several accounts, so that <see cref="AccountName"/> is only one of them.</summary>
    public bool SeveralAccounts { get; init; }

    /// <summary>Whether the account does not exist.</summary>
    public bool AccountUnknown { get; init; }

    /// <summary>Whether the mail goes to the administrators because the account is unknown or not approved.</summary>
    public bool ForAdministrators { get; init; }

    /// <summary>The camera's display name.</summary>
    public required string CameraName { get; init; }

    /// <summary>The attempts to describe in full, oldest first; none for <see cref="MailKind.Manual"/>.</summary>
    public IReadOnlyList<MailAttempt> Attempts { get; init; } = [];

    /// <summary>
    /// The device where they happened, or <see cref="LoginAttempt.SeveralDevices"/>; null if there is only one.
    /// </summary>
    public string? Device => Attempts.Select(attempt => attempt.Device).Distinct().ToList() switch
    {
        [] => RequestedOn,
        [var only] => only,
        _ => LoginAttempt.SeveralDevices,
    };

    /// <summary>The device on which a picture was requested; null if there is only one.</summary>
    public string? RequestedOn { get; init; }

    /// <summary>How many attempts the mail covers, described in full or not.</summary>
    public int AttemptCount { get; init; }

    /// <summary>The time of the first of them.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>The time of the last of them.</summary>
    public DateTimeOffset LastAt { get; init; }

    /// <summary>How many attempts failed before the one that succeeded; for <see cref="MailKind.Success"/>.</summary>
    public int FailuresBefore { get; init; }

    /// <summary>Whether the sign-in came from a browser in which the account had not signed in before.</summary>
    public bool IsNewBrowser { get; init; }

    /// <summary>
    /// The last sign-in with the right password after the first failure that the mail is about; null if there was none.
    /// </summary>
    public MailAttempt? Success { get; init; }

    /// <summary>The addresses with the most attempts, in descending order; for <see cref="MailKind.Summary"/>.</summary>
    public IReadOnlyList<MailAddress> Addresses { get; init; } = [];

    /// <summary>How many addresses there are, listed or not.</summary>
    public int AddressCount { get; init; }

    /// <summary>The pictures, in the order to show them.</summary>
    public IReadOnlyList<MailPicture> Pictures { get; init; } = [];

    /// <summary>Small pictures from shortly before and after the only picture, oldest first. The label says when.</summary>
    public IReadOnlyList<MailPicture> Strip { get; init; } = [];

    /// <summary>The lines of a mail about settings.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Why pictures are missing; or null.</summary>
    public string? PictureProblem { get; init; }

    /// <summary>Whether the mail is about a test that the owner requested.</summary>
    public bool IsTest { get; init; }

    /// <summary>Whether somebody knew the password in one of the attempts, and only a code kept them out.</summary>
    public bool IsPasswordKnown { get; init; }

    /// <summary>Where the site shows the alert; null if the site's address is not known, or the mail is about no alert.</summary>
    public string? AlertLink { get; init; }

    /// <summary>Where the owner says whether it was they; null for any other recipient.</summary>
    public string? AnswerLink { get; init; }

    /// <summary>Where a second recipient confirms; for <see cref="MailKind.ConfirmRecipient"/>.</summary>
    public string? ConfirmLink { get; init; }

    /// <summary>The time zone for the times in the mail.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>The mail's Date. It is the same for every try of a delivery, so that each try sends the same mail.</summary>
    public required DateTimeOffset ComposedAt { get; init; }
}
