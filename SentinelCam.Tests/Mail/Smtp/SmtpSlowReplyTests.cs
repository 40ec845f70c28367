using System.Security.Cryptography.X509Certificates;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Servers that reply slowly to a complete message. They have it, so giving up only sends it twice.</summary>
public sealed class SmtpSlowReplyTests
{
    private readonly ReplyClock _time = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(70, false)]
    [InlineData(70, true)]
    [InlineData(599, false)]
    public async Task Reply_to_the_message_may_take_ten_minutes(int seconds, bool tls)
    {
        var reply = new TaskCompletionSource();
        await using var server = ScriptedSmtpServer.Start(
            Script(tls).On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 at last", After: reply.Task)));
        await using var transport = Transport(server);
        var sending = SendAsync(transport);
        await _time.UntilMailWaitsAsync(Cancel);

        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.False(sending.IsCompleted);
        reply.SetResult();

        Assert.Equal(new MailOutcome(MailResult.Accepted, "250 2.0.0 at last"), await sending);
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Missing_reply_makes_the_outcome_unknown_after_ten_minutes()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.Silence));
        await using var transport = Transport(server);
        var sending = SendAsync(transport);
        await _time.UntilMailWaitsAsync(Cancel);

        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        var outcome = await sending;
        Assert.Equal((MailResult.Unknown, false), (outcome.Result, outcome.SmallerMayPass));
        Assert.Equal("The connection broke after the message was sent: No answer within 10 minutes", outcome.Reply);
    }

    [Fact]
    public async Task Server_that_does_not_take_the_message_is_given_up_after_a_minute()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.InData, new SmtpAction("250 too early", Hang: true)));
        await using var transport = Transport(server);
        // More than the buffers of a connection hold
        var large = Mails.Content() with { Pictures = [], Lines = [.. Enumerable.Repeat(new string('x', 600), 40_000)] };
        var sending = transport.SendAsync(AlertMessage.Compose(large), Cancel);
        await Eventually.TrueAsync(() => server.Dialogue.Contains("S: 250 too early"));

        _time.Advance(TimeSpan.FromSeconds(60));

        var outcome = await sending;
        Assert.Equal((MailResult.Unknown, true), (outcome.Result, outcome.SmallerMayPass));
        Assert.Contains("while the message was being sent: No answer within 60 seconds", outcome.Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Late_refusal_on_a_kept_connection_is_not_retried_on_another()
    {
        var script = new SmtpScript();
        await using var server = ScriptedSmtpServer.Start(script, new SmtpScript());
        await using var transport = Transport(server);
        await SendAsync(transport);
        await _time.UntilMailWaitsAsync(Cancel);
        var reply = new TaskCompletionSource();
        script.On(SmtpStage.EndOfData, new SmtpAction("451 4.3.0 try later", After: reply.Task));
        var sending = SendAsync(transport);
        await _time.UntilMailWaitsAsync(Cancel);

        _time.Advance(TimeSpan.FromSeconds(61));
        reply.SetResult();

        Assert.Equal(new MailOutcome(MailResult.TryAgain, "451 4.3.0 try later"), await sending);
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData("200 2.0.0 taken")]
    [InlineData("251 2.1.5 will forward")]
    [InlineData("252 2.0.0 cannot verify, but taken")]
    public async Task Every_reply_of_success_accepts_the_message(string reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.EndOfData, reply));
        await using var transport = Transport(server);

        Assert.Equal(new MailOutcome(MailResult.Accepted, reply), await SendAsync(transport));
    }

    private static SmtpScript Script(bool tls) => tls ? new SmtpScript { Certificate = TestCertificates.Good } : new SmtpScript();

    private SmtpTransport Transport(ScriptedSmtpServer server) =>
        new(Mails.Options(server.Port), null, new X509Certificate2Collection(TestCertificates.Authority), _time);

    private static Task<MailOutcome> SendAsync(SmtpTransport transport) =>
        transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
}
