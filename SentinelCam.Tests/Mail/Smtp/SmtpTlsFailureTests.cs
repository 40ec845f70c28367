using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Servers whose TLS versions or encryption methods this machine does not accept.</summary>
public sealed class SmtpTlsFailureTests
{
    private const byte ProtocolVersion = 70;
    private const byte HandshakeFailure = 40;
    private const byte InsufficientSecurity = 71;

    [Theory]
    [InlineData(ProtocolVersion, true)]
    [InlineData(ProtocolVersion, false)]
    [InlineData(HandshakeFailure, true)]
    [InlineData(HandshakeFailure, false)]
    [InlineData(InsufficientSecurity, false)]
    public Task Server_that_refuses_the_handshake_is_explained(byte alert, bool fromStart) =>
        AssertExplainedAsync([21, 3, 1, 0, 2, 2, alert], fromStart);

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public Task Server_that_speaks_only_an_old_version_is_explained(byte minor, bool fromStart) =>
        AssertExplainedAsync(ServerHello(minor), fromStart);

    private static async Task AssertExplainedAsync(byte[] reply, bool fromStart)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good, TlsOnConnect = fromStart, TlsReply = reply });
        var options = Mails.Options(server.Port, fromStart ? SmtpSecurity.SslOnConnect : SmtpSecurity.StartTls);
        await using var transport = new SmtpTransport(options, TimeSpan.FromSeconds(20));

        var outcome = await transport.SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("no TLS version or encryption method in common", outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("TLS 1.2 or later", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("certificate", outcome.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("StartTls", outcome.Remedy, StringComparison.Ordinal);
    }

    /// <summary>A ServerHello of SSL 3.0 (0), TLS 1.0 (1) or TLS 1.1 (2) with TLS_RSA_WITH_AES_128_CBC_SHA.</summary>
    private static byte[] ServerHello(byte minor)
    {
        byte[] hello = [3, minor, .. Enumerable.Repeat((byte)7, 32), 0, 0, 0x2F, 0];
        return [22, 3, minor, 0, (byte)(hello.Length + 4), 2, 0, 0, (byte)hello.Length, .. hello];
    }
}
