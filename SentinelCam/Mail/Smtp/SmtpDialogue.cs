using System.Text;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Security;
using SentinelCam.Visitors;

namespace SentinelCam.Mail;

/// <summary>
/// The steps of sending one mail, in order. MailKit combines greeting and TLS, so a failure of either is at
/// <see cref="Greeting"/>.
/// </summary>
internal enum SmtpStep
{
    NameLookup,
    Connect,
    Greeting,
    Tls,
    SignIn,
    Message,
}

/// <summary>Tracks the steps of sending one mail by observing MailKit, whose exceptions do not say which step failed.</summary>
/// <param name="report">Called after each step; null if nobody follows the steps.</param>
internal sealed partial class SmtpDialogue(Action<MailStep>? report = null) : ITransferProgress, IProtocolLogger
{
    private static readonly byte[] FinalDot = "\r\n.\r\n"u8.ToArray();

    private readonly byte[] _sentLast = new byte[FinalDot.Length];
    private string _lastReply = "";
    private Action? _messageSent;

    public SmtpStep Step { get; private set; }

    /// <summary>
    /// Whether message data was sent after the server's 354. From then on, the server may have accepted the mail.
    /// </summary>
    public bool DataBegun { get; private set; }

    /// <summary>Whether the message was sent completely, including the final dot.</summary>
    public bool MessageSent { get; private set; }

    /// <summary>The name with which this client introduces itself; null before the connection.</summary>
    public string? HelloName { get; set; }

    /// <summary>Whether this client has introduced itself. A refusal before that concerns its address.</summary>
    public bool HelloSent { get; private set; }

    /// <summary>What is wrong with the server's certificate, or null.</summary>
    public string? CertificateProblem { get; set; }

    /// <summary>The server's last reply including its code; empty if there was none.</summary>
    public string LastReply => Continuation().Replace(_lastReply, " ").Trim();

    public void Begin(SmtpStep step) => Step = step;

    /// <summary>Begins a message on the open connection.</summary>
    /// <param name="messageSent">Called when the final dot is sent.</param>
    public void BeginMessage(Action? messageSent = null)
    {
        (Step, DataBegun, MessageSent, _lastReply, _messageSent) = (SmtpStep.Message, false, false, "", messageSent);
        Array.Clear(_sentLast);
    }

    public void Done(string text) => Report(Step, succeeded: true, text);

    public void Failed(string text, Exception failure) =>
        Report(Step is SmtpStep.Greeting && failure is SslHandshakeException or NotSupportedException ? SmtpStep.Tls : Step,
            succeeded: false, text);

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

    // The client's commands are not kept, because they contain the password
    void IProtocolLogger.LogClient(byte[] buffer, int offset, int count)
    {
        _lastReply = "";
        var sent = buffer.AsSpan(offset, count);
        HelloSent |= sent.StartsWith("EHLO "u8) || sent.StartsWith("HELO "u8);
        if (!DataBegun || MessageSent)
            return;
        // Dots at the start of a line are doubled, so this sequence is only at the end of the message
        Append(sent);
        if (!_sentLast.AsSpan().SequenceEqual(FinalDot))
            return;
        MessageSent = true;
        _messageSent?.Invoke();
    }

    void IProtocolLogger.LogServer(byte[] buffer, int offset, int count)
    {
        if (_lastReply.Length < MailOutcome.MaxReplyLength)
            _lastReply += Encoding.UTF8.GetString(buffer, offset, count);
    }

    void IDisposable.Dispose()
    {
        // It is still read after the client that owns it is disposed, and has nothing to release
    }

    /// <summary>Keeps the last bytes that were sent.</summary>
    private void Append(ReadOnlySpan<byte> sent)
    {
        var kept = Math.Max(0, _sentLast.Length - sent.Length);
        _sentLast.AsSpan(_sentLast.Length - kept).CopyTo(_sentLast);
        sent[^(_sentLast.Length - kept)..].CopyTo(_sentLast.AsSpan(kept));
    }

    /// <summary>What separates the lines of a multiline reply: <c>534-first CR LF 534 second</c>.</summary>
    [GeneratedRegex(@"(?<=\A\d{3})-|\r\n\d{3}[- ]")]
    private static partial Regex Continuation();
}

/// <summary>The password was not sent because the connection is not encrypted.</summary>
internal sealed class SmtpPlainTextException() : IOException("The connection is not encrypted, so the password was not sent.");
