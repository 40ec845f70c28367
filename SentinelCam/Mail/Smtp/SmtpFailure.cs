using System.Globalization;
using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace SentinelCam.Mail;

/// <summary>Turns the failures of sending a mail into outcomes.</summary>
internal static class SmtpFailure
{
    /// <summary>
    /// Whether the network, the server or the configuration caused the exception. Anything else is a defect of this program.
    /// </summary>
    public static bool IsDeliveryFailure(Exception failure) => failure
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

    /// <summary>
    /// Whether the connection is lost, or the server is closing it (421), so that the failure does not concern the mail.
    /// </summary>
    public static bool IsConnectionLost(Exception failure) => failure
        is ServiceNotConnectedException or SocketException or IOException or ProtocolException or ObjectDisposedException
        or SmtpCommandException { StatusCode: SmtpStatusCode.ServiceNotAvailable };

    /// <summary>Whether the server refused temporarily, which may concern only this connection.</summary>
    public static bool IsTemporary(Exception failure) => failure
        is SmtpCommandException { StatusCode: >= (SmtpStatusCode)400 and < (SmtpStatusCode)500 };

    /// <summary>The outcome of a failure.</summary>
    public static MailOutcome Classify(
        Exception failure, SmtpDialogue dialogue, SmtpOptions options, TimeSpan limit) => failure switch
        {
            SmtpCommandException refusal => ClassifyReply(refusal, dialogue, options),
            _ when dialogue.DataBegun =>
                new(MailResult.Unknown, "The connection broke after the message was sent: " + Describe(failure, limit)),
            SslHandshakeException => TlsFailed(failure, dialogue, options),
            SmtpTokenException { IsRefusal: true } => SignInRefused(failure.Message, SmtpRemedy.RenewConsent),
            SmtpTokenException => new(MailResult.TryAgain, failure.Message, SmtpRemedy.CheckTokenEndpoint),
            AuthenticationException => SignInRefused(SignInReply(failure, dialogue), SmtpRemedy.ForSignIn(options)),
            ServiceNotAuthenticatedException => SignInRefused("530 " + failure.Message, SmtpRemedy.SetCredentials),
            SmtpPlainTextException => new(MailResult.TryAgain, failure.Message, SmtpRemedy.TurnOnTls),
            NotSupportedException => NotOffered(failure, dialogue, options),
            SocketException => NotConnected(failure, dialogue, options),
            OperationCanceledException => new(MailResult.TryAgain, $"{Describe(failure, limit)} {DescribeStep(dialogue.Step)}",
                SmtpRemedy.ForSilence(dialogue.Step, options)),
            _ => new(MailResult.TryAgain, Describe(failure, limit), SmtpRemedy.ForSilence(dialogue.Step, options)),
        };

    private static MailOutcome ClassifyReply(SmtpCommandException refusal, SmtpDialogue dialogue, SmtpOptions options)
    {
        var code = (int)refusal.StatusCode;
        var isPermanent = code is >= 500 and <= 599;
        var reply = string.Create(CultureInfo.InvariantCulture, $"{code} {refusal.Message}");

        // A refusal before the message concerns this client or this moment, not the mail
        if (dialogue.Step is SmtpStep.SignIn)
            return new MailOutcome(MailResult.TryAgain, reply, SmtpRemedy.ForSignIn(options), SignInRefused: isPermanent);
        if (dialogue.Step is not SmtpStep.Message || !isPermanent)
            return new MailOutcome(MailResult.TryAgain, reply);
        return SmtpRefusal.ReasonOf(code, refusal.Message) switch
        {
            SmtpRefusalReason.SignIn =>
                SignInRefused(reply, options.HasCredentials ? SmtpRemedy.ForSignIn(options) : SmtpRemedy.SetCredentials),
            SmtpRefusalReason.Quota => new MailOutcome(MailResult.TryAgain, reply, SmtpRemedy.OverQuota),
            _ => new MailOutcome(MailResult.RefusedForGood, reply),
        };
    }

    private static MailOutcome SignInRefused(string reply, string remedy) =>
        new(MailResult.TryAgain, reply, remedy, SignInRefused: true);

    private static MailOutcome TlsFailed(Exception failure, SmtpDialogue dialogue, SmtpOptions options)
    {
        if (dialogue.CertificateProblem is { } problem)
        {
            return new(MailResult.TryAgain, "The server's certificate was not accepted: " + problem,
                SmtpRemedy.ForCertificate(options));
        }

        var (text, remedy) = SmtpTlsFailure.Explain(failure, options);
        return new(MailResult.TryAgain, text, remedy);
    }

    private static MailOutcome NotOffered(Exception failure, SmtpDialogue dialogue, SmtpOptions options) => dialogue.Step switch
    {
        SmtpStep.Greeting =>
            new(MailResult.TryAgain, "The server does not offer STARTTLS.", SmtpRemedy.ForMissingStartTls(options)),
        SmtpStep.SignIn =>
            SignInRefused("The server offers no sign-in method that SentinelCam supports.", SmtpRemedy.UsePortWithSignIn),
        _ => new(MailResult.RefusedForGood, failure.Message),
    };

    private static MailOutcome NotConnected(Exception failure, SmtpDialogue dialogue, SmtpOptions options) =>
        dialogue.Step == SmtpStep.NameLookup
            ? new(MailResult.TryAgain, $"The name {options.Host} was not found: {failure.Message}", SmtpRemedy.CheckName)
            : new(MailResult.TryAgain, $"Could not connect to {options.Host} on port {options.Port}: {failure.Message}",
                SmtpRemedy.CheckConnection);

    // MailKit keeps the text of a 535 but not of a 534, with which Gmail asks for an app password
    private static string SignInReply(Exception failure, SmtpDialogue dialogue) =>
        failure.InnerException is SmtpCommandException reply
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {reply.Message}")
            : dialogue.LastReply is { Length: > 0 } lastReply ? lastReply : failure.Message;

    private static string Describe(Exception failure, TimeSpan limit) => failure is OperationCanceledException
        ? string.Create(CultureInfo.InvariantCulture, $"No answer within {limit.TotalSeconds:0.#} seconds")
        : failure.Message;

    private static string DescribeStep(SmtpStep step) => step switch
    {
        SmtpStep.NameLookup => "while looking up the server's name.",
        SmtpStep.Connect => "while connecting.",
        SmtpStep.Greeting => "while waiting for the server's greeting.",
        SmtpStep.SignIn => "while signing in.",
        _ => "while sending the addresses of sender and recipient.",
    };
}
