using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>A picture for a mail.</summary>
/// <param name="Jpeg">The JPEG file. Where all of a mail's pictures are small enough it travels byte for byte.</param>
/// <param name="FileName">The name it is attached under.</param>
/// <param name="TakenAt">When the frame was taken.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Label">What the reader must know about it, such as "DEMO" or "black picture"; or null.</param>
/// <param name="Attempt">The number of the attempt of its burst that it shows, where the mail tells of several; or null.</param>
/// <param name="ScaledFrom">The original's size in words, where the mail's picture is smaller; or null.</param>
public sealed record MailPicture(
    byte[] Jpeg, string FileName, DateTimeOffset TakenAt, int Width, int Height, string? Label, int? Attempt = null, string? ScaledFrom = null);

/// <summary>A sign-in as a mail tells it. The texts may be a visitor's.</summary>
/// <param name="Id">The attempt's number.</param>
/// <param name="At">When it happened.</param>
/// <param name="AccountTyped">What was typed as the account.</param>
/// <param name="RemoteAddress">The address that the request came from.</param>
/// <param name="UserAgent">What the browser calls itself.</param>
/// <param name="Outcome">What became of it, in words.</param>
/// <param name="Number">The how manieth of its burst it is.</param>
public sealed record MailAttempt(long Id, DateTimeOffset At, string AccountTyped, string RemoteAddress, string UserAgent, string Outcome, int Number = 1);

/// <summary>An address that attempts of a burst came from.</summary>
public sealed record MailAddress(string RemoteAddress, int Attempts);

/// <summary>All that a mail says, before it has a form.</summary>
public sealed record AlertContent
{
    /// <summary>What the mail is about.</summary>
    public required MailKind Kind { get; init; }

    /// <summary>The recipient's mail address.</summary>
    public required string To { get; init; }

    /// <summary>The recipient's name, or null.</summary>
    public string? ToName { get; init; }

    /// <summary>The sender's mail address, with or without a name before it.</summary>
    public required string From { get; init; }

    /// <summary>The Message-ID, without angle brackets.</summary>
    public required string MessageId { get; init; }

    /// <summary>The Message-ID of the mail that this one follows, or null for the first of an alert.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>The Message-IDs of the earlier mails of the same alert, oldest first.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The account concerned: its name, or what was typed where <see cref="AccountUnknown"/>.</summary>
    public required string AccountName { get; init; }

    /// <summary>Whether the attempts were against several accounts, for which <see cref="AccountName"/> then stands.</summary>
    public bool SeveralAccounts { get; init; }

    /// <summary>Whether no such account exists.</summary>
    public bool AccountUnknown { get; init; }

    /// <summary>Whether the mail goes to administrators, since the account is unknown or not approved.</summary>
    public bool ForAdministrators { get; init; }

    /// <summary>The device's name for its camera.</summary>
    public required string CameraName { get; init; }

    /// <summary>The attempts to tell in full, oldest first; none for <see cref="MailKind.Manual"/>.</summary>
    public IReadOnlyList<MailAttempt> Attempts { get; init; } = [];

    /// <summary>How many attempts the alert counts so far, told in full or not.</summary>
    public int AttemptCount { get; init; }

    /// <summary>When the first of them happened.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>When the last of them happened.</summary>
    public DateTimeOffset LastAt { get; init; }

    /// <summary>How many attempts failed before the one that succeeded; for <see cref="MailKind.Success"/>.</summary>
    public int FailuresBefore { get; init; }

    /// <summary>The last sign-in with the right password since the first of the failures that the mail is about; null where there was none.</summary>
    public MailAttempt? Success { get; init; }

    /// <summary>The addresses of the burst with the most attempts, most first; for <see cref="MailKind.Summary"/>.</summary>
    public IReadOnlyList<MailAddress> Addresses { get; init; } = [];

    /// <summary>How many addresses there are, told or not.</summary>
    public int AddressCount { get; init; }

    /// <summary>The pictures in the order to show them; the most telling one may be any.</summary>
    public IReadOnlyList<MailPicture> Pictures { get; init; } = [];

    /// <summary>Small pictures from shortly before and after the only picture, oldest first; the label says when.</summary>
    public IReadOnlyList<MailPicture> Strip { get; init; } = [];

    /// <summary>What a mail about settings has to say, a line each.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Why there is no picture, or not all of them; or null.</summary>
    public string? PictureProblem { get; init; }

    /// <summary>The time zone that the recipient reads times in.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>The mail's Date. The same for every try of one delivery, so that each try makes the same mail.</summary>
    public required DateTimeOffset ComposedAt { get; init; }
}
