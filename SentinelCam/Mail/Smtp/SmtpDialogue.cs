using System.Text;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Security;
using SentinelCam.Visitors;

namespace SentinelCam.Mail.Smtp;

/// <summary>The steps of one delivery, in their order. MailKit does greeting and TLS at one go: a failure of either happens at <see cref="Greeting"/>.</summary>
internal enum SmtpStep
{
    NameLookup,
    Connect,
    Greeting,
    Tls,
    SignIn,
    Message,
}

/// <summary>How far one delivery has come. It listens in on MailKit, which does not tell this when it fails.</summary>
/// <param name="report">Hears of each step once it is over; null: nobody wants to know.</param>
internal sealed partial class SmtpDialogue(Action<MailStep>? report = null) : ITransferProgress, IProtocolLogger
{
    private string _lastReply = "";

    public SmtpStep Step { get; private set; }

    /// <summary>Whether the server said 354 and got message data: from here on it may have accepted the mail.</summary>
    public bool DataBegun { get; private set; }

    /// <summary>What is wrong with the server's certificate, if anything.</summary>
    public string? CertificateProblem { get; set; }

    /// <summary>The server's last words, its code before them; empty if it said nothing.</summary>
    public string LastReply => Continuation().Replace(_lastReply, " ").Trim();

    public void Begin(SmtpStep step) => Step = step;

    /// <summary>The connection is there, and a message follows.</summary>
    public void BeginMessage() => (Step, DataBegun, _lastReply) = (SmtpStep.Message, false, "");

    public void Done(string text) => Report(Step, succeeded: true, text);

    public void Failed(string text, Exception failure) =>
        Report(Step is SmtpStep.Greeting && failure is SslHandshakeException or NotSupportedException ? SmtpStep.Tls : Step, succeeded: false, text);

    private void Report(SmtpStep step, bool succeeded, string text) => report?.Invoke(new MailStep(step switch
    {
        SmtpStep.NameLookup => "Name lookup",
        SmtpStep.Connect => "Connection",
        SmtpStep.Greeting => "Greeting",
        SmtpStep.Tls => "TLS",
        SmtpStep.SignIn => "Sign-in (AUTH)",
        _ => "Mail",
    }, succeeded, VisitorText.Clean(text, MailOutcome.MaxReplyLength)));

    IAuthenticationSecretDetector? IProtocolLogger.AuthenticationSecretDetector { get; set; }

    void ITransferProgress.Report(long bytesTransferred, long totalSize) => DataBegun = true;

    void ITransferProgress.Report(long bytesTransferred) => DataBegun = true;

    void IProtocolLogger.LogConnect(Uri uri) => _lastReply = "";

    // What this side says is not kept: it holds the password.
    void IProtocolLogger.LogClient(byte[] buffer, int offset, int count) => _lastReply = "";

    void IProtocolLogger.LogServer(byte[] buffer, int offset, int count)
    {
        if (_lastReply.Length < MailOutcome.MaxReplyLength)
            _lastReply += Encoding.UTF8.GetString(buffer, offset, count);
    }

    void IDisposable.Dispose()
    {
        // It is read after the client that owns it is gone, and holds nothing to let go.
    }

    /// <summary>What holds the lines of one reply together: <c>534-first CR LF 534 second</c>.</summary>
    [GeneratedRegex(@"(?<=\A\d{3})-|\r\n\d{3}[- ]")]
    private static partial Regex Continuation();
}

/// <summary>The connection is not protected although a password is to cross it.</summary>
internal sealed class SmtpPlainTextException() : IOException("The connection is in plain text, so the password was not sent.");
