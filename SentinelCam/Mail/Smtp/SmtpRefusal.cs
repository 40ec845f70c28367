using System.Text.RegularExpressions;

namespace SentinelCam.Mail;

/// <summary>What a permanent refusal (5xx) of a message is about.</summary>
internal enum SmtpRefusalReason
{
    /// <summary>This mail: a retry would not help.</summary>
    Mail,

    /// <summary>A missing or rejected sign-in.</summary>
    SignIn,

    /// <summary>
    /// A quota of the sender's account or the recipient's mailbox. It frees up again although the code says "permanent".
    /// </summary>
    Quota,
}

/// <summary>Finds the reason of a refusal. Servers do not agree on codes, so the text counts too.</summary>
internal static partial class SmtpRefusal
{
    // The meaning is in the first words of a reply
    private const int MaxTextLength = 1_000;

    /// <summary>The reason of a permanent refusal.</summary>
    /// <param name="code">The reply code, 500 to 599.</param>
    /// <param name="text">The reply after its code.</param>
    public static SmtpRefusalReason ReasonOf(int code, string text)
    {
        text = text.Length <= MaxTextLength ? text : text[..MaxTextLength];
        return IsSignIn(code, text) ? SmtpRefusalReason.SignIn
            : IsQuota(code, text) ? SmtpRefusalReason.Quota
            : SmtpRefusalReason.Mail;
    }

    // RFC 4954: authentication required, mechanism too weak, credentials invalid, encryption required
    private static bool IsSignIn(int code, string text) => code is 530 or 534 or 535 or 538 || SignInWords().IsMatch(text);

    private static bool IsQuota(int code, string text)
    {
        var enhanced = EnhancedCode().Match(text).Groups[1].Value;
        return IsQuotaCode(enhanced)
            // "Exceeded storage allocation", which RFC 5321 (4.5.3.1.10) treats like 452
            || (code == 552 && enhanced.Length == 0)
            || QuotaWords().IsMatch(text);
    }

    // Mailbox full, system congested (Gmail's sending limit), system full (RFC 3463), recipient rate exceeded (Microsoft)
    private static bool IsQuotaCode(string enhancedCode) => enhancedCode is "2.2" or "4.5" or "3.1" or "1.90";

    [GeneratedRegex(@"^[45]\.(\d{1,3}\.\d{1,3})\b")]
    private static partial Regex EnhancedCode();

    // "over quota", "has exceeded his quota"; "quota has been exceeded", "quota limit reached"; "mailbox is full"; "daily user
    // sending
    // limit"; "number of messages per hour exceeded", "limit on the number of outgoing messages was reached"
    [GeneratedRegex(@"
        \b(over|exceed(s|ed|ing)?|out\ of|reached)\W+(\w+\W+){0,3}quota\b
        | quota\W*(\w+\W+){0,3}(exceeded|exceeds|full|reached|used\ up)\b
        | \bmailbox\W+(is\W+)?full\b
        | \b(sending|rate|daily|hourly)\W+(\w+\W+){0,3}limit\b
        | (?<!\bsize\W)\b(limit|number)\W+(\w+\W+){0,5}(messages|e-?mails|recipients)\W+(\w+\W+){0,4}(exceeded|reached)\b
        ", RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex QuotaWords();

    [GeneratedRegex(@"
        ^5\.7\.8\b
        | \bauthentication\s(is\s)?required\b
        | \bmust\s(first\s)?(authenticate|be\sauthenticated)\b
        | \bclient\s(was|is)\snot\sauthenticated\b
        ", RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex SignInWords();
}
