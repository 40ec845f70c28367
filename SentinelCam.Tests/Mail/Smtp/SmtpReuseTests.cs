using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>A kept connection saves time and never loses a mail.</summary>
public sealed class SmtpReuseTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Next_mail_reuses_the_connection_without_another_handshake_or_sign_in()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Certificate = TestCertificates.Good });
        await using var transport = Transport(server, signIn: true);

        for (var i = 0; i < 3; i++)
            Assert.Equal(MailResult.Accepted, (await SendAsync(transport, i)).Result);

        Assert.Equal(1, server.Connections);
        Assert.Single(server.Dialogue, line => line == "C: STARTTLS");
        Assert.Single(server.Dialogue, line => line.StartsWith("C: AUTH", StringComparison.Ordinal));
        AssertEachOnce(server, 3);
    }

    [Fact]
    public async Task Idle_connection_is_closed_with_QUIT_after_half_a_minute()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var transport = Transport(server);
        await SendAsync(transport, 0);
        Assert.DoesNotContain("C: QUIT", server.Dialogue);

        _time.Advance(SmtpTransport.IdleTimeout);
        await Eventually.TrueAsync(() => server.Dialogue[^1] == "S: 221 2.0.0 bye");

        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);
        Assert.Equal(2, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task Stopping_the_app_sends_QUIT()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using (var transport = Transport(server))
            await SendAsync(transport, 0);

        await Eventually.TrueAsync(() => server.Dialogue[^1] == "S: 221 2.0.0 bye");
    }

    [Fact]
    public async Task Mail_uses_a_new_connection_if_the_server_closed_the_kept_one()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", Close: true)), new SmtpScript());
        await using var transport = Transport(server);

        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 0)).Result);
        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);

        Assert.Equal(2, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Theory]
    [InlineData(SmtpStage.NoOp, "421 4.4.2 idle for too long")]
    [InlineData(SmtpStage.NoOp, "500 5.5.1 what?")]
    [InlineData(SmtpStage.NoOp, null)]
    public async Task Kept_connection_that_fails_NOOP_is_replaced(SmtpStage stage, string? reply)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(stage, new SmtpAction(reply, Close: true)), new SmtpScript());
        await using var transport = Transport(server);

        await SendAsync(transport, 0);
        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);

        Assert.Equal(2, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task Mails_beyond_the_servers_limit_use_new_connections()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { MessagesPerConnection = 2 });
        await using var transport = Transport(server);

        for (var i = 0; i < 5; i++)
            Assert.Equal(MailResult.Accepted, (await SendAsync(transport, i)).Result);

        Assert.Equal(3, server.Connections);
        AssertEachOnce(server, 5);
    }

    [Theory]
    [InlineData(SmtpStage.MailFrom)]
    [InlineData(SmtpStage.RcptTo)]
    [InlineData(SmtpStage.EndOfData)]
    public async Task Temporary_refusal_on_a_kept_connection_is_retried_on_a_new_one(SmtpStage stage)
    {
        var script = new SmtpScript();
        await using var server = ScriptedSmtpServer.Start(script, new SmtpScript());
        await using var transport = Transport(server);
        await SendAsync(transport, 0);

        script.Reply(stage, "452 4.5.3 Too many messages sent");
        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);

        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task Permanent_refusal_on_a_kept_connection_is_not_retried_on_another()
    {
        var script = new SmtpScript();
        await using var server = ScriptedSmtpServer.Start(script, new SmtpScript());
        await using var transport = Transport(server);
        await SendAsync(transport, 0);

        script.Reply(SmtpStage.RcptTo, "550 5.1.1 no such user");
        Assert.Equal(MailResult.RefusedForGood, (await SendAsync(transport, 1)).Result);

        Assert.Equal(1, server.Connections);
        AssertEachOnce(server, 1);
    }

    [Fact]
    public async Task Break_after_the_message_makes_the_outcome_unknown_and_sends_no_second_copy()
    {
        var broken = new SmtpScript();
        await using var server = ScriptedSmtpServer.Start(broken, new SmtpScript());
        await using var transport = Transport(server);
        await SendAsync(transport, 0);

        // Only from the second message on
        broken.On(SmtpStage.EndOfData, SmtpAction.HangUp);
        Assert.Equal(MailResult.Unknown, (await SendAsync(transport, 1)).Result);

        Assert.Equal(1, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task Concurrent_mails_use_separate_connections_and_one_is_kept()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var transport = Transport(server);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => SendAsync(transport, i)));
        var connections = server.Connections;
        await SendAsync(transport, 6);

        Assert.Equal(connections, server.Connections);
        AssertEachOnce(server, 7);
    }

    private SmtpTransport Transport(ScriptedSmtpServer server, bool signIn = false) =>
        new(Mails.Options(server.Port, signIn: signIn), null, new X509Certificate2Collection(TestCertificates.Authority), _time);

    private static Task<MailOutcome> SendAsync(SmtpTransport transport, int number) =>
        transport.SendAsync(AlertMessage.Compose(Mails.Content() with { MessageId = $"{number}@example.org" }), Cancel);

    private static void AssertEachOnce(ScriptedSmtpServer server, int count) => Assert.Equal(
        Enumerable.Range(0, count).Select(i => $"{i}@example.org"),
        server.Messages
            .Select(bytes => MimeMessage.Load(new MemoryStream(bytes), Cancel).MessageId)
            .Order(StringComparer.Ordinal));
}
