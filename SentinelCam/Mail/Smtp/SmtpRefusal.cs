using MailKit.Net.Smtp;

namespace SentinelCam.Mail;

/// <summary>What a refusal is about.</summary>
internal enum SmtpRefusalReason
{
    /// <summary>This mail or its recipient: a retry would not help.</summary>
    Mail,

    /// <summary>A missing or rejected sign-in.</summary>
    SignIn,

    /// <summary>A connection without TLS.</summary>
    Encryption,

    /// <summary>The name with which this client introduces itself (EHLO).</summary>
    Hello,

    /// <summary>Mail from this client to other servers' recipients.</summary>
    Relay,

    /// <summary>This client's address, or what the server knows about it.</summary>
    Client,

    /// <summary>The sender's address.</summary>
    Sender,

    /// <summary>The size of the mail.</summary>
    Size,

    /// <summary>
    /// A quota of the sender's account or the recipient's mailbox. It frees up again although the code may say "permanent".
    /// </summary>
    Quota,

    /// <summary>Space on the server or in the mailbox, of which a smaller mail needs less.</summary>
    Space,
}

/// <summary>Finds the reason of a refusal. Servers do not agree on codes, so the text counts too.</summary>
internal static partial class SmtpRefusal
{
    // The meaning is in the first words of a reply
    private const int MaxTextLength = 1_000;

    /// <summary>The reason of a refusal of a message or of one of its addresses.</summary>
    /// <param name="code">The reply code, 400 to 599.</param>
    /// <param name="text">The reply after its code; "\n" separates lines.</param>
    /// <param name="refused">What MailKit says was refused: the sender, the recipient, the message, or something else.</param>
    /// <returns><see cref="SmtpRefusalReason.Mail"/> if neither code nor text says anything else.</returns>
    public static SmtpRefusalReason ReasonOf(int code, string text, SmtpErrorCode refused)
    {
        text = OneLine(text);
        var enhanced = EnhancedCodeOf(text);
        if (IsEncryption(code, enhanced, text))
            return SmtpRefusalReason.Encryption;
        if (IsSignIn(code, enhanced, text))
            return SmtpRefusalReason.SignIn;
        if (ReasonOfSize(code, enhanced, text) is { } size)
            return size;
        // Every new client is put off for a while, so there is nothing to do
        if (code < 500 && Greylisting().IsMatch(text))
            return SmtpRefusalReason.Mail;
        if (code == 551 || enhanced is "7.54" or "7.64" || RelayWords().IsMatch(text))
            return SmtpRefusalReason.Relay;
        if (HelloWords().IsMatch(text))
            return SmtpRefusalReason.Hello;
        if (refused != SmtpErrorCode.SenderNotAccepted && IsRecipient(enhanced, text))
            return SmtpRefusalReason.Mail;
        if (ClientCode().IsMatch(enhanced) || ClientWords().IsMatch(text))
            return SmtpRefusalReason.Client;
        if (SenderCode().IsMatch(enhanced) || SenderWords().IsMatch(text) || DomainAuthenticationWords().IsMatch(text))
            return SmtpRefusalReason.Sender;
        return code < 500 ? SmtpRefusalReason.Mail : ReasonByCommand(refused, text);
    }

    /// <summary>
    /// Whether a refused sign-in says nothing about the password: a failure of the server's own, or too many sign-ins.
    /// </summary>
    /// <param name="reply">The reply including its code.</param>
    public static bool IsTemporarySignInFailure(string reply) => TemporarySignInFailure().IsMatch(OneLine(reply));

    /// <summary>Whether a refused sign-in demands TLS.</summary>
    /// <param name="reply">The reply including its code.</param>
    public static bool DemandsEncryption(string reply)
    {
        var text = OneLine(reply.Length > 4 ? reply[4..] : "");
        return IsEncryption(reply.StartsWith("538", StringComparison.Ordinal) ? 538 : 0, EnhancedCodeOf(text), text);
    }

    private static string OneLine(string text) =>
        LineBreak().Replace(text.Length <= MaxTextLength ? text : text[..MaxTextLength], " ");

    /// <summary>The last two numbers of the enhanced code, such as "7.1". Some servers put it at the end: (#5.7.1).</summary>
    private static string EnhancedCodeOf(string text)
    {
        var match = EnhancedCode().Match(text);
        return match.Success ? match.Groups["detail"].Value : "";
    }

    // RFC 4954 and RFC 5248: encryption required
    private static bool IsEncryption(int code, string enhanced, string text) =>
        code == 538 || enhanced is "7.10" or "7.11" || EncryptionWords().IsMatch(text);

    // RFC 4954: authentication required, mechanism too weak, credentials invalid
    private static bool IsSignIn(int code, string enhanced, string text) =>
        code is 530 or 534 or 535
        || (code >= 500 && enhanced is "7.8" or "7.9" or "7.57")
        // SPF, DKIM and DMARC authenticate the sender's domain
        || (SignInWords().IsMatch(text) && !SenderCode().IsMatch(enhanced) && !DomainAuthenticationWords().IsMatch(text));

    private static SmtpRefusalReason? ReasonOfSize(int code, string enhanced, string text)
    {
        // Message too big for system; message length exceeds administrative limit
        if (enhanced is "3.4" or "2.3")
            return SmtpRefusalReason.Size;
        // Mailbox full; system full (RFC 3463)
        if (enhanced is "2.2" or "3.1")
            return SmtpRefusalReason.Space;
        // System congested (Gmail's sending limit); recipient rate exceeded (Microsoft); trial or tenant limits (Microsoft)
        if (enhanced is "4.5" or "1.90" or "7.705" or "7.232" or "7.233")
            return SmtpRefusalReason.Quota;
        if (SizeWords().IsMatch(text) && !MailboxWords().IsMatch(text) && !PartWords().IsMatch(text))
            return SmtpRefusalReason.Size;
        if (SpaceWords().IsMatch(text))
            return SmtpRefusalReason.Space;
        if (QuotaWords().IsMatch(text))
            return SmtpRefusalReason.Quota;
        // Courier's "Message length exceeds administrative limit"
        if (code == 523)
            return SmtpRefusalReason.Size;
        // "Exceeded storage allocation", which RFC 5321 (4.5.3.1.10) treats like 452
        return code == 552 && enhanced.Length == 0 ? SmtpRefusalReason.Space : null;
    }

    private static bool IsRecipient(string enhanced, string text) =>
        enhanced is "1.1" or "1.2" or "1.3" or "1.4" or "1.6" or "1.10" or "2.1" or "4.1"
        || (!enhanced.StartsWith("7.", StringComparison.Ordinal) && !enhanced.StartsWith("1.", StringComparison.Ordinal)
            && RecipientWords().IsMatch(text));

    /// <summary>What the refused command is about, if code and text do not say it.</summary>
    private static SmtpRefusalReason ReasonByCommand(SmtpErrorCode refused, string text) => refused switch
    {
        SmtpErrorCode.SenderNotAccepted => SmtpRefusalReason.Sender,
        // "Access denied" about a message is about its content
        SmtpErrorCode.MessageNotAccepted => SmtpRefusalReason.Mail,
        _ => DeniedWords().IsMatch(text) ? SmtpRefusalReason.Client : SmtpRefusalReason.Mail,
    };
}
