using System.Security.Cryptography.X509Certificates;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Mail.Smtp;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail.Smtp;

public sealed class SmtpSecurityTests
{
    // "\0cam@example.org\0open sesame", as AUTH PLAIN has it.
    private const string Credentials = "C: AUTH PLAIN AGNhbUBleGFtcGxlLm9yZwBvcGVuIHNlc2FtZQ==";

    [Theory]
    [InlineData(SmtpSecurity.Auto)]
    [InlineData(SmtpSecurity.StartTls)]
    public async Task With_STARTTLS_the_password_crosses_after_the_handshake_only(SmtpSecurity security)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        var outcome = await SendAsync(Mails.To(server.Port, security, signIn: true));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        var dialogue = server.Dialogue.ToList();
        Assert.InRange(dialogue.IndexOf("C: STARTTLS"), 0, dialogue.IndexOf(Credentials));
        Assert.Equal("S: 220 2.0.0 go ahead", dialogue[dialogue.IndexOf("C: STARTTLS") + 1]);
    }

    [Fact]
    public async Task TLS_can_start_with_the_first_byte()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good, TlsOnConnect = true });

        var outcome = await SendAsync(Mails.To(server.Port, SmtpSecurity.SslOnConnect, signIn: true));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        Assert.Contains(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task Auto_uses_STARTTLS_where_it_is_offered_even_without_credentials()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        Assert.Equal(MailResult.Accepted, (await SendAsync(Mails.To(server.Port))).Result);
        Assert.Contains("C: STARTTLS", server.Dialogue);
    }

    [Fact]
    public async Task None_stays_in_plain_text_and_may_sign_in_on_this_machine()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });

        Assert.Equal(MailResult.Accepted, (await SendAsync(Mails.To(server.Port, SmtpSecurity.None, signIn: true))).Result);
        Assert.DoesNotContain("C: STARTTLS", server.Dialogue);
        Assert.Contains(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task Auto_never_falls_back_to_plain_text_once_credentials_are_set()
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await SendAsync(Mails.To(server.Port, signIn: true));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("STARTTLS", outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("465", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Dialogue, line => line.StartsWith("C: AUTH", StringComparison.Ordinal) || line.StartsWith("C: MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartTls_is_no_mail_where_it_is_not_offered()
    {
        await using var server = ScriptedSmtpServer.Start();

        Assert.Equal(MailResult.TryAgain, (await SendAsync(Mails.To(server.Port, SmtpSecurity.StartTls))).Result);
        Assert.Empty(server.Messages);
    }

    [Theory]
    [InlineData("untrusted", "authority")]
    [InlineData("wrong name", "another name")]
    [InlineData("expired", "expired")]
    public async Task A_bad_certificate_stops_the_mail_and_says_why(string fault, string words)
    {
        var certificate = fault switch
        {
            "wrong name" => TestCertificates.WrongName,
            "expired" => TestCertificates.Expired,
            _ => TestCertificates.Good,
        };
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = certificate });

        var outcome = await SendAsync(Mails.To(server.Port, signIn: true), trust: fault != "untrusted");

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("Smtp:Host (localhost)", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(Credentials, server.Dialogue);
    }

    [Fact]
    public async Task TLS_towards_a_plain_text_port_says_what_to_set()
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await SendAsync(Mails.To(server.Port, SmtpSecurity.SslOnConnect));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("StartTls", outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("someone@gmail.com", "Gmail wants an app password")]
    [InlineData("someone@outlook.com", "Outlook wants an app password")]
    [InlineData("someone@example.org", "Smtp:Password")]
    public async Task A_wrong_password_has_a_remedy_that_knows_the_provider(string userName, string words)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { Certificate = TestCertificates.Good }.Reply(SmtpStage.Auth, "535 5.7.8 not accepted"));

        var outcome = await SendAsync(Mails.To(server.Port, signIn: true) with { UserName = userName });

        Assert.Contains(words, outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("535 5.7.8 Username and Password not accepted")]
    [InlineData("534 5.7.9 Application-specific password required")]
    [InlineData("534 5.7.9 Application-specific password required. Learn more at\n534 5.7.9 the help page")]
    [InlineData("454 4.7.0 Temporary authentication failure")]
    public async Task A_refused_sign_in_is_tried_again_and_keeps_the_servers_words(string reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good }.Reply(SmtpStage.Auth, reply));

        var outcome = await SendAsync(Mails.To(server.Port, signIn: true));

        Assert.Equal((MailResult.TryAgain, reply.Replace("\n534", "", StringComparison.Ordinal)), (outcome.Result, outcome.Reply));
        Assert.NotNull(outcome.Remedy);
        Assert.DoesNotContain("open sesame", outcome.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_AUTH_is_named_as_such()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good, Extensions = [] });

        var outcome = await SendAsync(Mails.To(server.Port, signIn: true));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("no way to sign in", outcome.Reply, StringComparison.Ordinal);
        Assert.NotNull(outcome.Remedy);
    }

    private static Task<MailOutcome> SendAsync(SmtpOptions options, bool trust = true) =>
        new SmtpTransport(options, TimeSpan.FromSeconds(20), trust ? new X509Certificate2Collection(TestCertificates.Authority) : null)
            .SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);
}
