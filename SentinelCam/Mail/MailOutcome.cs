using SentinelCam.Visitors;

namespace SentinelCam.Mail;

/// <summary>The result of one try to send a mail.</summary>
public enum MailResult
{
    /// <summary>The server, or the outbox, accepted the mail and is now responsible for it.</summary>
    Accepted,

    /// <summary>The server permanently refused this mail, so a retry would not help.</summary>
    RefusedForGood,

    /// <summary>
    /// The mail was not accepted this time: no connection, a temporary refusal, an exceeded quota, a wrong password, or a refusal
    /// of this client or the sender, which another setting can cure.
    /// </summary>
    TryAgain,

    /// <summary>The server refused the mail because of its size. A smaller one may be accepted.</summary>
    TooLarge,

    /// <summary>
    /// The connection broke after message data was sent, so the mail may have arrived. Send it again with the same Message-ID.
    /// </summary>
    Unknown,
}

/// <summary>One step of sending a mail, shown to an administrator.</summary>
/// <param name="Name">The step's name, such as "Name lookup".</param>
/// <param name="Succeeded">Whether the step succeeded.</param>
/// <param name="Text">What happened, in the server's words if it sent any; cleaned and truncated.</param>
public sealed record MailStep(string Name, bool Succeeded, string Text);

/// <summary>The outcome of one try to send a mail.</summary>
/// <param name="Result">Whether the mail was accepted, and what to do if it was not.</param>
/// <param name="Reply">The server's reply, or what went wrong; cleaned and truncated here.</param>
/// <param name="Remedy">What an administrator can do about it, or null if unknown.</param>
/// <param name="SignInRefused">Whether the server refused the sign-in, which only an administrator can fix.</param>
/// <param name="SmallerMayPass">
/// Whether a smaller mail may be accepted, although size was not the server's stated reason: little space is left, or the
/// connection broke while the message was being sent.
/// </param>
public sealed record MailOutcome(
    MailResult Result, string Reply, string? Remedy = null, bool SignInRefused = false, bool SmallerMayPass = false)
{
    /// <summary>The maximum length of <see cref="Reply"/>, in UTF-16 units.</summary>
    public const int MaxReplyLength = 500;

    /// <summary>The server's reply, or what went wrong: one line of at most <see cref="MaxReplyLength"/> units.</summary>
    public string Reply { get; } = VisitorText.Clean(Reply, MaxReplyLength);
}
