using SentinelCam.Visitors;

namespace SentinelCam.Mail;

/// <summary>What became of one try to send a mail.</summary>
public enum MailResult
{
    /// <summary>The next server has taken the mail into its care.</summary>
    Accepted,

    /// <summary>The server refused this mail in a way that a second try will not change.</summary>
    RefusedForGood,

    /// <summary>The mail was not taken now: no connection, a temporary refusal, a full quota, a wrong password.</summary>
    TryAgain,

    /// <summary>The link broke after the message was on its way, so it may have arrived: send it again under the same Message-ID.</summary>
    Unknown,
}

/// <summary>One step of a mail's way, for an administrator to read.</summary>
/// <param name="Name">Such as "Name lookup".</param>
/// <param name="Succeeded">Whether it went well.</param>
/// <param name="Text">What happened, in the server's words where it has some; cleaned and capped.</param>
public sealed record MailStep(string Name, bool Succeeded, string Text);

/// <summary>The outcome of one try to send a mail.</summary>
/// <param name="Result">What became of the mail.</param>
/// <param name="Reply">The server's own words, or what went wrong; cleaned and capped here.</param>
/// <param name="Remedy">What an administrator can do about it, or null where nothing is known.</param>
/// <param name="SignInRefused">The server did not let this side sign in, which only an administrator can mend.</param>
public sealed record MailOutcome(MailResult Result, string Reply, string? Remedy = null, bool SignInRefused = false)
{
    /// <summary>The longest <see cref="Reply"/>, in UTF-16 units.</summary>
    public const int MaxReplyLength = 500;

    /// <summary>The server's own words, or what went wrong: one line of at most <see cref="MaxReplyLength"/> units.</summary>
    public string Reply { get; } = VisitorText.Clean(Reply, MaxReplyLength);
}
