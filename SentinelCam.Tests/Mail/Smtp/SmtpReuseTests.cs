using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Mail.Smtp;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail.Smtp;

/// <summary>The connection that is kept: it spares work, and never a mail.</summary>
public sealed class SmtpReuseTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_mail_goes_over_the_same_connection_without_another_TLS_handshake_and_sign_in()
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
    public async Task An_idle_connection_is_closed_with_good_bye_after_half_a_minute()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var transport = Transport(server);
        await SendAsync(transport, 0);
        Assert.DoesNotContain("C: QUIT", server.Dialogue);

        _time.Advance(SmtpTransport.KeptFor);
        await UntilAsync(() => server.Dialogue[^1] == "S: 221 2.0.0 bye");

        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);
        Assert.Equal(2, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task The_end_of_the_app_says_good_bye()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using (var transport = Transport(server))
            await SendAsync(transport, 0);

        await UntilAsync(() => server.Dialogue[^1] == "S: 221 2.0.0 bye");
    }

    [Fact]
    public async Task A_server_that_hung_up_meanwhile_gets_the_mail_over_a_new_connection()
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
    public async Task A_kept_connection_that_is_not_well_is_given_up(SmtpStage stage, string? reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(stage, new SmtpAction(reply, Close: true)), new SmtpScript());
        await using var transport = Transport(server);

        await SendAsync(transport, 0);
        Assert.Equal(MailResult.Accepted, (await SendAsync(transport, 1)).Result);

        Assert.Equal(2, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task A_server_that_takes_only_so_many_mails_over_one_connection_gets_the_rest_over_others()
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
    public async Task A_server_that_refuses_for_now_over_a_kept_connection_is_asked_over_a_new_one(SmtpStage stage)
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
    public async Task A_mail_that_is_refused_for_good_over_a_kept_connection_is_not_tried_over_another()
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
    public async Task A_kept_connection_that_breaks_after_the_message_leaves_the_mail_unknown_and_sends_no_second_copy_by_itself()
    {
        var broken = new SmtpScript();
        await using var server = ScriptedSmtpServer.Start(broken, new SmtpScript());
        await using var transport = Transport(server);
        await SendAsync(transport, 0);

        // From the second message on
        broken.On(SmtpStage.EndOfData, SmtpAction.HangUp);
        Assert.Equal(MailResult.Unknown, (await SendAsync(transport, 1)).Result);

        Assert.Equal(1, server.Connections);
        AssertEachOnce(server, 2);
    }

    [Fact]
    public async Task Mails_at_the_same_time_share_no_connection_and_one_is_kept()
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
        new(Mails.To(server.Port, signIn: signIn), null, new X509Certificate2Collection(TestCertificates.Authority), _time);

    private static Task<MailOutcome> SendAsync(SmtpTransport transport, int number) =>
        transport.SendAsync(AlertMessage.Compose(Mails.Content() with { MessageId = $"{number}@example.org" }), Cancel);

    private static void AssertEachOnce(ScriptedSmtpServer server, int count) => Assert.Equal(
        Enumerable.Range(0, count).Select(i => $"{i}@example.org"),
        server.Messages.Select(bytes => MimeMessage.Load(new MemoryStream(bytes), Cancel).MessageId).Order(StringComparer.Ordinal));

    private static async Task UntilAsync(Func<bool> condition)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "It did not happen within 30 seconds.");
            await Task.Delay(10, Cancel);
        }
    }
}
