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
            // MailKit's exception for 530
            ServiceNotAuthenticatedException =>
                ClassifyReply(530, failure.Message, SmtpErrorCode.UnexpectedStatusCode, dialogue, options),
            _ when dialogue.MessageSent =>
                new(MailResult.Unknown, "The connection broke after the message was sent: " + Describe(failure, limit)),
            _ when dialogue.DataBegun => new(MailResult.Unknown,
                "The connection broke while the message was being sent: " + Describe(failure, limit), SmallerMayPass: true),
            SslHandshakeException => TlsFailed(failure, dialogue, options),
            SmtpTokenException { IsRefusal: true } => SignInRefused(failure.Message, SmtpRemedy.RenewConsent),
            SmtpTokenException => new(MailResult.TryAgain, failure.Message, SmtpRemedy.CheckTokenEndpoint),
            AuthenticationException => ClassifySignIn(SignInReply(failure, dialogue), options),
            SmtpPlainTextException => new(MailResult.TryAgain, failure.Message, SmtpRemedy.TurnOnTls),
            NotSupportedException => NotOffered(failure, dialogue, options),
            SocketException => NotConnected(failure, dialogue, options),
            OperationCanceledException => new(MailResult.TryAgain, $"{Describe(failure, limit)} {DescribeStep(dialogue.Step)}",
                SmtpRemedy.ForSilence(dialogue.Step, options)),
            _ => new(MailResult.TryAgain, Describe(failure, limit), SmtpRemedy.ForSilence(dialogue.Step, options)),
        };

    private static MailOutcome ClassifyReply(SmtpCommandException refusal, SmtpDialogue dialogue, SmtpOptions options) =>
        ClassifyReply((int)refusal.StatusCode, refusal.Message, refusal.ErrorCode, dialogue, options);

    private static MailOutcome ClassifyReply(
        int code, string text, SmtpErrorCode refused, SmtpDialogue dialogue, SmtpOptions options)
    {
        var reply = string.Create(CultureInfo.InvariantCulture, $"{code} {text}");
        if (code is < 400 or > 599)
            return new MailOutcome(MailResult.TryAgain, reply);
        if (dialogue.Step is SmtpStep.SignIn)
            return ClassifySignIn(reply, options);

        var reason = SmtpRefusal.ReasonOf(code, text, refused);
        // A refusal before the message concerns this client or this moment, not the mail
        if (dialogue.Step is not SmtpStep.Message && code >= 500 && reason is SmtpRefusalReason.Mail or SmtpRefusalReason.Size)
            reason = dialogue.HelloSent ? SmtpRefusalReason.Hello : SmtpRefusalReason.Client;
        return reason switch
        {
            SmtpRefusalReason.Encryption => new(MailResult.TryAgain, reply, SmtpRemedy.TurnOnTls),
            SmtpRefusalReason.SignIn =>
                SignInRefused(reply, options.HasCredentials ? SmtpRemedy.ForSignIn(options) : SmtpRemedy.SetCredentials),
            SmtpRefusalReason.Hello => new(MailResult.TryAgain, reply, SmtpRemedy.ForHello(dialogue.HelloName)),
            SmtpRefusalReason.Relay => new(MailResult.TryAgain, reply, SmtpRemedy.ForRelay(options)),
            SmtpRefusalReason.Client => new(MailResult.TryAgain, reply, SmtpRemedy.AllowClient),
            SmtpRefusalReason.Sender => new(MailResult.TryAgain, reply, SmtpRemedy.ForSender(options)),
            SmtpRefusalReason.Size => new(MailResult.TooLarge, reply, SmtpRemedy.TooLarge),
            SmtpRefusalReason.Space => new(MailResult.TryAgain, reply, SmtpRemedy.OverQuota, SmallerMayPass: true),
            SmtpRefusalReason.Quota => new(MailResult.TryAgain, reply, SmtpRemedy.OverQuota),
            _ => new(dialogue.Step is SmtpStep.Message && code >= 500 ? MailResult.RefusedForGood : MailResult.TryAgain, reply),
        };
    }

    /// <summary>A refused sign-in. Only some refusals are about the password.</summary>
    private static MailOutcome ClassifySignIn(string reply, SmtpOptions options) =>
        SmtpRefusal.IsTemporarySignInFailure(reply)
            ? new(MailResult.TryAgain, reply, SmtpRemedy.TemporarySignInFailure)
            : SignInRefused(reply,
                SmtpRefusal.DemandsEncryption(reply) ? SmtpRemedy.TurnOnTls : SmtpRemedy.ForSignIn(options));

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
        ? "No answer within " + (limit >= TimeSpan.FromMinutes(2)
            ? string.Create(CultureInfo.InvariantCulture, $"{limit.TotalMinutes:0.#} minutes")
            : string.Create(CultureInfo.InvariantCulture, $"{limit.TotalSeconds:0.#} seconds"))
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
