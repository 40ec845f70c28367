using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace SentinelCam.Mail.Smtp;

/// <summary>Turns the failures of sending a mail into outcomes.</summary>
internal static partial class SmtpFailure
{
    /// <summary>The port where TLS starts with the first byte.</summary>
    public const int TlsPort = 465;

    private const string WantsSignIn = "The server requires sign-in. Set Smtp:UserName and Smtp:Password.";

    private const string TokenRemedy = "The consent expired or was revoked, or the application is unknown. Create a new refresh token, and check "
        + "Smtp:OAuth:ClientId and Smtp:OAuth:ClientSecret.";

    /// <summary>Whether the network, the server or the configuration caused the exception. Anything else is a defect of this program.</summary>
    public static bool IsMailPath(Exception failure) => failure
        is CommandException
        or ProtocolException
        or SslHandshakeException
        or AuthenticationException
        or ServiceNotAuthenticatedException
        or ServiceNotConnectedException
        or SocketException
        or IOException
        or NotSupportedException
        or ObjectDisposedException
        or OperationCanceledException;

    /// <summary>Whether the connection is lost, or the server is closing it (421), so that the failure does not concern the mail.</summary>
    public static bool IsConnectionLost(Exception failure) => failure
        is ServiceNotConnectedException or SocketException or IOException or ProtocolException or ObjectDisposedException
        or SmtpCommandException { StatusCode: SmtpStatusCode.ServiceNotAvailable };

    /// <summary>Whether the server refused temporarily, which may concern only this connection.</summary>
    public static bool IsForNow(Exception failure) => failure is SmtpCommandException { StatusCode: >= (SmtpStatusCode)400 and < (SmtpStatusCode)500 };

    /// <summary>The outcome of a failure.</summary>
    public static MailOutcome Classify(Exception failure, SmtpDialogue dialogue, SmtpOptions options, TimeSpan limit) => failure switch
    {
        SmtpCommandException refusal => ClassifyReply(refusal, dialogue, options),
        _ when dialogue.DataBegun => new(MailResult.Unknown, "The connection broke after the message was sent: " + Words(failure, limit)),
        SslHandshakeException => TlsFailed(failure, dialogue, options),
        SmtpTokenException token => new(MailResult.TryAgain, token.Message, token.IsRefusal ? TokenRemedy : "Check that this machine can reach the provider's token endpoint.", token.IsRefusal),
        AuthenticationException => new(MailResult.TryAgain, SignInReply(failure, dialogue), PasswordRemedy(options), SignInRefused: true),
        ServiceNotAuthenticatedException => new(MailResult.TryAgain, "530 " + failure.Message, WantsSignIn, SignInRefused: true),
        SmtpPlainTextException => new(MailResult.TryAgain, failure.Message, "Set Smtp:Security to StartTls or SslOnConnect."),
        NotSupportedException => NotOffered(failure, dialogue, options),
        SocketException => NotConnected(failure, dialogue, options),
        OperationCanceledException => new(MailResult.TryAgain, Words(failure, limit) + " " + WhileDoing(dialogue.Step), SilenceRemedy(dialogue.Step, options)),
        _ => new(MailResult.TryAgain, Words(failure, limit), SilenceRemedy(dialogue.Step, options)),
    };

    private static MailOutcome ClassifyReply(SmtpCommandException refusal, SmtpDialogue dialogue, SmtpOptions options)
    {
        var code = (int)refusal.StatusCode;
        var reply = string.Create(CultureInfo.InvariantCulture, $"{code} {refusal.Message}");

        // A refusal before the message concerns this client or this moment, not the mail
        if (dialogue.Step != SmtpStep.Message || code is < 500 or > 599)
            return new MailOutcome(MailResult.TryAgain, reply, dialogue.Step == SmtpStep.SignIn ? PasswordRemedy(options) : null, dialogue.Step == SmtpStep.SignIn && code is >= 500 and <= 599);
        if (code is 530 or 534 or 535 or 538 || SignInWords().IsMatch(Head(refusal.Message)))
            return new MailOutcome(MailResult.TryAgain, reply, options.HasCredentials ? PasswordRemedy(options) : WantsSignIn, SignInRefused: true);
        return IsQuota(code, Head(refusal.Message))
            ? new MailOutcome(MailResult.TryAgain, reply, "The sender's account or the recipient's mailbox is over its quota.")
            : new MailOutcome(MailResult.RefusedForGood, reply);
    }

    // 552 without an enhanced code means "exceeded storage allocation". RFC 5321 (4.5.3.1.10) treats it like 452.
    private static bool IsQuota(int code, string text)
    {
        var enhanced = EnhancedCode().Match(text).Groups[1].Value;
        return enhanced is "2.2" or "4.5" or "3.1" or "1.90"
            || (code == 552 && enhanced.Length == 0)
            || QuotaWords().IsMatch(text);
    }

    // The meaning is in the first words of a reply
    private static string Head(string text) => text.Length <= 1_000 ? text : text[..1_000];

    private static MailOutcome TlsFailed(Exception failure, SmtpDialogue dialogue, SmtpOptions options) =>
        dialogue.CertificateProblem is { } problem
            ? new(MailResult.TryAgain, "The server's certificate was not accepted: " + problem,
                $"Smtp:Host ({options.Host}) must match the name in the server's certificate, and this machine must trust its authority.")
            : new(MailResult.TryAgain, "TLS could not be set up: " + failure.GetBaseException().Message,
                options.Port == TlsPort
                    ? "Check that the server supports TLS on this port."
                    : "This port may not use TLS from the start. Set Smtp:Security to StartTls, or Smtp:Port to 465.");

    private static MailOutcome NotOffered(Exception failure, SmtpDialogue dialogue, SmtpOptions options) => dialogue.Step switch
    {
        SmtpStep.Greeting => new(MailResult.TryAgain, "The server does not offer STARTTLS.",
            options.HasCredentials
                ? "A password is sent only over TLS. Set Smtp:Port to 465 and Smtp:Security to SslOnConnect, or use another server."
                : "Set Smtp:Port to 465 and Smtp:Security to SslOnConnect, or set Smtp:Security to None to send without encryption."),
        SmtpStep.SignIn => new(MailResult.TryAgain, "The server offers no sign-in method that SentinelCam supports.",
            "Check Smtp:Port: 587 usually allows sign-in, 25 often does not. Or remove Smtp:UserName and Smtp:Password.", SignInRefused: true),
        _ => new(MailResult.RefusedForGood, failure.Message),
    };

    private static MailOutcome NotConnected(Exception failure, SmtpDialogue dialogue, SmtpOptions options) =>
        dialogue.Step == SmtpStep.NameLookup
            ? new(MailResult.TryAgain, $"The name {options.Host} was not found: {failure.Message}", "Check Smtp:Host and this machine's name resolution (DNS).")
            : new(MailResult.TryAgain, $"Could not connect to {options.Host} on port {options.Port}: {failure.Message}", "Check Smtp:Host and Smtp:Port, and that no firewall blocks the connection.");

    private static string? SilenceRemedy(SmtpStep step, SmtpOptions options) => step switch
    {
        SmtpStep.Connect => "Check Smtp:Host and Smtp:Port, and that no firewall blocks the connection.",
        SmtpStep.Greeting when options is { Port: TlsPort, Security: SmtpSecurity.None or SmtpSecurity.StartTls } =>
            "Port 465 uses TLS from the start. Set Smtp:Security to SslOnConnect.",
        SmtpStep.Greeting when options.Security == SmtpSecurity.SslOnConnect && options.Port != TlsPort =>
            "This port may not use TLS from the start. Set Smtp:Security to StartTls, or Smtp:Port to 465.",
        _ => null,
    };

    // MailKit keeps the text of a 535 but not of a 534, with which Gmail asks for an app password
    private static string SignInReply(Exception failure, SmtpDialogue dialogue) => failure.InnerException is SmtpCommandException reply
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {reply.Message}")
        : dialogue.LastReply is { Length: > 0 } words ? words : failure.Message;

    private static string PasswordRemedy(SmtpOptions options)
    {
        if (options.OAuth is not null)
            return "The server rejected the access token. Smtp:UserName must be the mailbox that gave its consent, and the consent must "
                + "cover sending mail (https://mail.google.com/ or https://outlook.office.com/SMTP.Send).";
        var provider = ((options.Host ?? "") + " " + options.UserName).ToLowerInvariant();
        if (provider.Contains("gmail", StringComparison.Ordinal) || provider.Contains("google", StringComparison.Ordinal))
            return "Gmail requires an app password. Turn on 2-Step Verification, create an app password in the Google account under "
                + "Security, and set it as Smtp:Password.";
        return provider.Contains("outlook", StringComparison.Ordinal) || provider.Contains("office365", StringComparison.Ordinal) || provider.Contains("hotmail", StringComparison.Ordinal)
            ? "Outlook requires an app password, and SMTP AUTH must be allowed for the mailbox. Many Microsoft accounts do not allow "
                + "passwords at all."
            : "Check Smtp:UserName and Smtp:Password. Accounts with a second factor need an app password.";
    }

    private static string Words(Exception failure, TimeSpan limit) => failure is OperationCanceledException
        ? string.Create(CultureInfo.InvariantCulture, $"No answer within {limit.TotalSeconds:0.#} seconds")
        : failure.Message;

    private static string WhileDoing(SmtpStep step) => step switch
    {
        SmtpStep.NameLookup => "while looking up the server's name.",
        SmtpStep.Connect => "while connecting.",
        SmtpStep.Greeting => "while waiting for the server's greeting.",
        SmtpStep.SignIn => "while signing in.",
        _ => "while sending the addresses of sender and recipient.",
    };

    [GeneratedRegex(@"^[45]\.(\d{1,3}\.\d{1,3})\b")]
    private static partial Regex EnhancedCode();

    // "over quota", "has exceeded his quota"; "quota has been exceeded", "quota limit reached"; "mailbox is full"; "daily user sending
    // limit"; "number of messages per hour exceeded", "limit on the number of outgoing messages was reached"
    [GeneratedRegex(@"
        \b(over|exceed(s|ed|ing)?|out\ of|reached)\W+(\w+\W+){0,3}quota\b
        | quota\W*(\w+\W+){0,3}(exceeded|exceeds|full|reached|used\ up)\b
        | \bmailbox\W+(is\W+)?full\b
        | \b(sending|rate|daily|hourly)\W+(\w+\W+){0,3}limit\b
        | (?<!\bsize\W)\b(limit|number)\W+(\w+\W+){0,5}(messages|e-?mails|recipients)\W+(\w+\W+){0,4}(exceeded|reached)\b
        ", RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex QuotaWords();

    [GeneratedRegex(@"^5\.7\.8\b|\bauthentication\s(is\s)?required\b|\bmust\s(first\s)?(authenticate|be\sauthenticated)\b|\bclient\s(was|is)\snot\sauthenticated\b", RegexOptions.IgnoreCase)]
    private static partial Regex SignInWords();
}
