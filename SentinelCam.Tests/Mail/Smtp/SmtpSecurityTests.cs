using System.Security.Cryptography.X509Certificates;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

public sealed class SmtpSecurityTests
{
    // "\0cam@example.org\0open sesame", encoded for AUTH PLAIN
    private const string Credentials = "C: AUTH PLAIN AGNhbUBleGFtcGxlLm9yZwBvcGVuIHNlc2FtZQ==";

    [Theory]
    [InlineData(SmtpSecurity.Auto)]
    [InlineData(SmtpSecurity.StartTls)]
    public async Task Password_is_sent_only_after_the_STARTTLS_handshake(SmtpSecurity security)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        var outcome = await SendAsync(Mails.Options(server.Port, security, signIn: true));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        var dialogue = server.Dialogue.ToList();
        Assert.InRange(dialogue.IndexOf("C: STARTTLS"), 0, dialogue.IndexOf(Credentials));
        Assert.Equal("S: 220 2.0.0 go ahead", dialogue[dialogue.IndexOf("C: STARTTLS") + 1]);
    }

    [Fact]
    public async Task TLS_from_the_start_is_supported()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good, TlsOnConnect = true });

        var outcome = await SendAsync(Mails.Options(server.Port, SmtpSecurity.SslOnConnect, signIn: true));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        Assert.Contains(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task Auto_uses_an_offered_STARTTLS_even_without_credentials()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        Assert.Equal(MailResult.Accepted, (await SendAsync(Mails.Options(server.Port))).Result);
        Assert.Contains("C: STARTTLS", server.Dialogue);
    }

    [Fact]
    public async Task None_is_unencrypted_and_can_sign_in_to_this_machine()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        Assert.Equal(MailResult.Accepted, (await SendAsync(Mails.Options(server.Port, SmtpSecurity.None, signIn: true))).Result);
        Assert.DoesNotContain("C: STARTTLS", server.Dialogue);
        Assert.Contains(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task Auto_never_falls_back_to_plain_text_with_credentials()
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await SendAsync(Mails.Options(server.Port, signIn: true));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("STARTTLS", outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("465", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Dialogue, line =>
            line.StartsWith("C: AUTH", StringComparison.Ordinal) || line.StartsWith("C: MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartTls_sends_nothing_if_the_server_does_not_offer_it()
    {
        await using var server = ScriptedSmtpServer.Start();

        Assert.Equal(MailResult.TryAgain, (await SendAsync(Mails.Options(server.Port, SmtpSecurity.StartTls))).Result);
        Assert.Empty(server.Messages);
    }

    [Theory]
    [InlineData("untrusted", "authority")]
    [InlineData("wrong name", "another name")]
    [InlineData("expired", "expired")]
    public async Task Bad_certificate_stops_the_mail_and_is_explained(string fault, string words)
    {
        var certificate = fault switch
        {
            "wrong name" => TestCertificates.WrongName,
            "expired" => TestCertificates.Expired,
            _ => TestCertificates.Good,
        };
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = certificate });

        var outcome = await SendAsync(Mails.Options(server.Port, signIn: true), trust: fault != "untrusted");

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("Smtp:Host (localhost)", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task TLS_on_a_plain_text_port_has_a_remedy()
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await SendAsync(Mails.Options(server.Port, SmtpSecurity.SslOnConnect));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("StartTls", outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("someone@gmail.com", "Gmail requires an app password")]
    [InlineData("someone@outlook.com", "Outlook requires an app password")]
    [InlineData("someone@example.org", "Smtp:Password")]
    public async Task Remedy_for_a_wrong_password_depends_on_the_provider(string userName, string words)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good }.Reply(SmtpStage.Auth, "535 5.7.8 not accepted"));

        var outcome = await SendAsync(Mails.Options(server.Port, signIn: true) with { UserName = userName });

        Assert.Contains(words, outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("535 5.7.8 Username and Password not accepted")]
    [InlineData("534 5.7.9 Application-specific password required")]
    [InlineData("534 5.7.9 Application-specific password required. Learn more at\n534 5.7.9 the help page")]
    public async Task Refused_sign_in_is_retried_and_keeps_the_servers_reply(string reply)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good }.Reply(SmtpStage.Auth, reply));

        var outcome = await SendAsync(Mails.Options(server.Port, signIn: true));

        var oneLine = reply.Replace("\n534", "", StringComparison.Ordinal);
        Assert.Equal((MailResult.TryAgain, oneLine), (outcome.Result, outcome.Reply));
        Assert.NotNull(outcome.Remedy);
        Assert.DoesNotContain("open sesame", outcome.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_without_AUTH_is_reported()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good, Extensions = [] });

        var outcome = await SendAsync(Mails.Options(server.Port, signIn: true));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("no sign-in method", outcome.Reply, StringComparison.Ordinal);
        Assert.NotNull(outcome.Remedy);
    }

    private static Task<MailOutcome> SendAsync(SmtpOptions options, bool trust = true) =>
        new SmtpTransport(
            options, TimeSpan.FromSeconds(20), trust ? new X509Certificate2Collection(TestCertificates.Authority) : null)
            .SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);
}
