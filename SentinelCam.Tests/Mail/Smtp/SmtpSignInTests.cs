using System.Security.Cryptography.X509Certificates;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Sign-in mechanisms that servers offer but do not support, and refusals that are not about the password.</summary>
public sealed class SmtpSignInTests
{
    private const string All = "AUTH SCRAM-SHA-256 SCRAM-SHA-1 DIGEST-MD5 CRAM-MD5 NTLM LOGIN PLAIN";
    private const string NotSupported = "504 5.7.4 Unrecognized authentication type";

    [Theory]
    [InlineData(All, "PLAIN")]
    [InlineData("AUTH CRAM-MD5 LOGIN", "LOGIN")]
    [InlineData("AUTH DIGEST-MD5 PLAIN", "PLAIN")]
    [InlineData("AUTH=LOGIN PLAIN CRAM-MD5", "PLAIN")]
    public async Task First_mechanism_is_PLAIN_then_LOGIN(string offer, string expected)
    {
        await using var server = ScriptedSmtpServer.Start(Script(offer)
            .Mechanism("SCRAM-SHA-256", "535 5.7.8 broken").Mechanism("SCRAM-SHA-1", "535 5.7.8 broken")
            .Mechanism("DIGEST-MD5", "535 5.7.8 broken").Mechanism("CRAM-MD5", "535 5.7.8 broken"));

        Assert.Equal(MailResult.Accepted, (await SendAsync(server)).Result);

        Assert.Equal([expected], Tried(server));
    }

    [Theory]
    [InlineData(NotSupported)]
    [InlineData("534 5.7.9 Authentication mechanism is too weak")]
    [InlineData("503 5.5.1 not now")]
    [InlineData("500 5.5.2 Command unrecognized")]
    public async Task Unsupported_mechanism_is_followed_by_the_next(string reply)
    {
        await using var server = ScriptedSmtpServer.Start(Script("AUTH PLAIN LOGIN").Mechanism("PLAIN", reply));

        Assert.Equal(MailResult.Accepted, (await SendAsync(server)).Result);

        Assert.Equal(["PLAIN", "LOGIN"], Tried(server));
    }

    [Fact]
    public async Task Other_mechanisms_come_after_PLAIN_and_LOGIN()
    {
        await using var server = ScriptedSmtpServer.Start(
            Script("AUTH CRAM-MD5 PLAIN LOGIN").Mechanism("PLAIN", NotSupported).Mechanism("LOGIN", NotSupported));

        await SendAsync(server);

        Assert.Equal(["PLAIN", "LOGIN", "CRAM-MD5"], Tried(server));
    }

    [Fact]
    public async Task Wrong_password_is_tried_once()
    {
        await using var server = ScriptedSmtpServer.Start(Script(All).Reply(SmtpStage.Auth, "535 5.7.8 wrong"));

        var outcome = await SendAsync(server);

        Assert.Equal(("535 5.7.8 wrong", true), (outcome.Reply, outcome.SignInRefused));
        Assert.Equal(["PLAIN"], Tried(server));
    }

    [Fact]
    public async Task Last_reply_is_kept_if_no_mechanism_is_left()
    {
        await using var server = ScriptedSmtpServer.Start(
            Script("AUTH LOGIN PLAIN XOAUTH2").Reply(SmtpStage.Auth, "534 5.7.9 Application-specific password required"));

        var outcome = await SendAsync(server);

        Assert.Equal(("534 5.7.9 Application-specific password required", true), (outcome.Reply, outcome.SignInRefused));
    }

    [Theory]
    [InlineData("454 4.7.0 Temporary authentication failure")]
    [InlineData("454 4.7.0 Too many login attempts, please try again later")]
    [InlineData("451 4.7.0 Temporary server error. Please try again later")]
    [InlineData("421 4.7.0 Try again later, closing connection")]
    [InlineData("430 authentication server is down")]
    [InlineData("454 4.3.0 Try again later")]
    [InlineData("535 4.7.0 Try again later")]
    [InlineData("535 5.7.0 Temporary authentication failure")]
    [InlineData("535 Too many authentication failures")]
    [InlineData("550 authentication service is temporarily unavailable")]
    public async Task Temporary_failure_of_the_sign_in_asks_for_no_other_password(string reply)
    {
        await using var server = ScriptedSmtpServer.Start(Script("AUTH PLAIN LOGIN CRAM-MD5").Reply(SmtpStage.Auth, reply));

        var outcome = await SendAsync(server);

        Assert.Equal((MailResult.TryAgain, reply, false), (outcome.Result, outcome.Reply, outcome.SignInRefused));
        Assert.Contains("tried again automatically", outcome.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("Smtp:Password", outcome.Remedy, StringComparison.Ordinal);
        Assert.Equal(["PLAIN"], Tried(server));
    }

    [Theory]
    [InlineData("432 4.7.12 A password transition is needed", "Smtp:Password")]
    [InlineData("535 5.7.8 Error: authentication failed", "Smtp:Password")]
    [InlineData("538 5.7.11 Encryption required for requested authentication mechanism", "Smtp:Security")]
    [InlineData("530 5.7.0 Must issue a STARTTLS command first", "Smtp:Security")]
    public async Task Refused_sign_in_names_the_setting(string reply, string setting)
    {
        await using var server = ScriptedSmtpServer.Start(Script("AUTH PLAIN").Reply(SmtpStage.Auth, reply));

        var outcome = await SendAsync(server);

        Assert.Equal((MailResult.TryAgain, reply, true), (outcome.Result, outcome.Reply, outcome.SignInRefused));
        Assert.Contains(setting, outcome.Remedy, StringComparison.Ordinal);
    }

    private static SmtpScript Script(string offer) => new() { Certificate = TestCertificates.Good, Extensions = [offer] };

    private static IEnumerable<string> Tried(ScriptedSmtpServer server) => server.Dialogue
        .Where(line => line.StartsWith("C: AUTH ", StringComparison.Ordinal))
        .Select(line => line.Split(' ')[2]);

    private static async Task<MailOutcome> SendAsync(ScriptedSmtpServer server)
    {
        await using var transport = new SmtpTransport(
            Mails.Options(server.Port, signIn: true), TimeSpan.FromSeconds(20),
            new X509Certificate2Collection(TestCertificates.Authority));
        return await transport.SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);
    }
}
