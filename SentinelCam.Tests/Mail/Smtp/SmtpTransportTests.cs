using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

public sealed class SmtpTransportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accepted_mail_returns_the_servers_reply()
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await SendAsync(Mails.Options(server.Port));

        Assert.Equal(new MailOutcome(MailResult.Accepted, "250 2.0.0 queued as 4711"), outcome);
        Assert.Contains(server.Dialogue, line =>
            line.StartsWith("C: MAIL FROM:<cam@example.org> SIZE=", StringComparison.Ordinal));
        Assert.Contains("C: RCPT TO:<alice@example.org>", server.Dialogue);
    }

    [Fact]
    public async Task Picture_arrives_unchanged_and_every_line_is_short_and_ends_in_CR_LF()
    {
        await using var server = ScriptedSmtpServer.Start();

        await SendAsync(Mails.Options(server.Port));

        var bytes = Assert.Single(server.Messages);
        var lines = System.Text.Encoding.Latin1.GetString(bytes).Split("\r\n");
        Assert.All(lines, line =>
        {
            Assert.InRange(line.Length, 0, 100);
            Assert.DoesNotContain(line, c => c is '\r' or '\n');
        });
        var message = MimeMessage.Load(new MemoryStream(bytes), Cancel);
        Assert.Equal(Mails.Jpeg, Assert.IsType<MimePart>(Assert.Single(message.Attachments)).Bytes());
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, "421 4.3.2 try later", MailResult.TryAgain)]
    [InlineData(SmtpStage.Greeting, "554 5.3.2 no service here", MailResult.TryAgain)]
    [InlineData(SmtpStage.Ehlo, "550 5.7.1 who are you", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "451 4.3.0 not now", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "550 5.1.0 sender refused", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "530 5.7.0 sign in first", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "552 5.3.4 message size exceeds the size limit", MailResult.TooLarge)]
    [InlineData(SmtpStage.RcptTo, "450 4.2.0 greylisted", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "452 4.5.3 too many recipients", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "550 5.1.1 no such user", MailResult.RefusedForGood)]
    [InlineData(SmtpStage.RcptTo, "550 5.2.2 over quota", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "552 mailbox storage exceeded", MailResult.TryAgain)]
    [InlineData(SmtpStage.Data, "421 4.4.2 going down", MailResult.TryAgain)]
    [InlineData(SmtpStage.Data, "554 5.5.1 no valid recipients", MailResult.RefusedForGood)]
    [InlineData(SmtpStage.EndOfData, "451 4.3.0 disk full", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "421 4.3.2 going down", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "550 5.4.5 Daily user sending limit exceeded", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "550 Daily sending limit reached for this account", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData,
        "554 5.2.0 STOREDRV.Submission.Exception: the sender's submission quota was exceeded.", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "550 5.7.0 the user has exceeded his quota", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "550 quota limit reached", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData,
        "554 5.7.0 Your limit on the number of allowed outgoing messages was exceeded. Try again later.", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "550 Maximum number of messages per hour exceeded", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "554 5.7.1 looks like spam", MailResult.RefusedForGood)]
    [InlineData(SmtpStage.EndOfData, "554 5.6.0 number of parts is not allowed in messages", MailResult.RefusedForGood)]
    [InlineData(SmtpStage.EndOfData, "552 5.3.4 size limit for messages exceeded", MailResult.TooLarge)]
    [InlineData(SmtpStage.MailFrom, "550 5.7.1 sender domain not authenticated (SPF)", MailResult.TryAgain)]
    public async Task Refusal_is_classified_by_its_code_and_keeps_its_text(SmtpStage stage, string reply, MailResult expected)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply));

        var outcome = await SendAsync(Mails.Options(server.Port));

        Assert.Equal((expected, reply), (outcome.Result, outcome.Reply));
    }

    [Theory]
    [InlineData(SmtpStage.MailFrom, "535 5.7.8 Authentication credentials invalid")]
    [InlineData(SmtpStage.MailFrom, "530 5.7.57 Client was not authenticated to send anonymous mail")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 Authentication required")]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 You must first authenticate")]
    public async Task Sign_in_required_only_after_MAIL_or_RCPT_is_retried_and_reported(SmtpStage stage, string reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply));

        var outcome = await SendAsync(Mails.Options(server.Port));

        Assert.Equal((MailResult.TryAgain, true), (outcome.Result, outcome.SignInRefused));
        Assert.Contains("Smtp:UserName", outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, MailResult.TryAgain)]
    [InlineData(SmtpStage.Ehlo, MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, MailResult.TryAgain)]
    [InlineData(SmtpStage.Data, MailResult.TryAgain)]
    [InlineData(SmtpStage.InData, MailResult.Unknown)]
    [InlineData(SmtpStage.EndOfData, MailResult.Unknown)]
    [InlineData(SmtpStage.Quit, MailResult.Accepted)]
    public async Task Disconnect_makes_the_outcome_unknown_only_after_message_data(SmtpStage stage, MailResult expected)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript { Extensions = [] }.On(stage, SmtpAction.HangUp));

        var outcome = await SendAsync(Mails.Options(server.Port));

        Assert.Equal(expected, outcome.Result);
        Assert.NotEmpty(outcome.Reply);
    }

    [Theory]
    [InlineData(SmtpStage.Ehlo, "C: EHLO", "greeting")]
    [InlineData(SmtpStage.MailFrom, "C: MAIL", "sender and recipient")]
    [InlineData(SmtpStage.RcptTo, "C: RCPT", "sender and recipient")]
    public async Task Silent_server_times_out_after_a_minute(SmtpStage stage, string command, string words)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(stage, SmtpAction.Silence));
        var time = new FakeTimeProvider();
        var transport = new SmtpTransport(Mails.Options(server.Port), time: time);
        var sending = transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
        await Eventually.TrueAsync(() => server.Dialogue.Any(line => line.StartsWith(command, StringComparison.Ordinal)));

        time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));

        var outcome = await sending;
        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("No answer within 60 seconds", outcome.Reply, StringComparison.Ordinal);
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_greeting_times_out_at_the_limit()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.Greeting, SmtpAction.Silence));
        var watch = Stopwatch.StartNew();

        var outcome = await SendAsync(Mails.Options(server.Port), TimeSpan.FromMilliseconds(300));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task Missing_reply_to_QUIT_does_not_affect_the_outcome()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.Quit, SmtpAction.Silence));

        Assert.Equal(MailResult.Accepted, (await SendAsync(Mails.Options(server.Port))).Result);
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, "HTTP/1.1 400 Bad Request", MailResult.TryAgain)]
    [InlineData(SmtpStage.Greeting, "1000 four digits", MailResult.TryAgain)]
    [InlineData(SmtpStage.MailFrom, "\0\0\0\0", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "25", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "399 no such class", MailResult.TryAgain)]
    [InlineData(SmtpStage.RcptTo, "699 no such class", MailResult.TryAgain)]
    [InlineData(SmtpStage.Data, "250 forgot the 354", MailResult.TryAgain)]
    [InlineData(SmtpStage.EndOfData, "mail queued, cheers", MailResult.Unknown)]
    public async Task Reply_that_is_not_SMTP_is_never_a_permanent_refusal(SmtpStage stage, string reply, MailResult expected)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply));

        Assert.Equal(expected, (await SendAsync(Mails.Options(server.Port), TimeSpan.FromSeconds(20))).Result);
    }

    [Fact]
    public async Task Long_reply_becomes_one_truncated_line()
    {
        var reply = string.Join("\n", Enumerable.Repeat("550 5.1.1 \u202Eno\u0007 such user, " + new string('x', 200), 5));
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.RcptTo, reply));

        var outcome = await SendAsync(Mails.Options(server.Port));

        Assert.Equal(MailOutcome.MaxReplyLength, outcome.Reply.Length);
        Assert.StartsWith("550 5.1.1 no such user, xxx", outcome.Reply, StringComparison.Ordinal);
        Assert.DoesNotContain(outcome.Reply, char.IsControl);
    }

    [Fact]
    public async Task Next_try_after_a_421_is_accepted()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.Greeting, new SmtpAction("421 4.3.2 try later", Close: true)),
            new SmtpScript());
        var transport = new SmtpTransport(Mails.Options(server.Port));

        var first = await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
        var second = await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);

        Assert.Equal([MailResult.TryAgain, MailResult.Accepted], [first.Result, second.Result]);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task Closed_port_is_retried_with_a_remedy()
    {
        using var closed = new ClosedPort();

        var outcome = await SendAsync(Mails.Options(closed.Number, host: "127.0.0.1"));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains("Smtp:Port", outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-host.invalid")]
    [InlineData("0.0.0.0")]
    [InlineData("name.of.more.than.63.letters.in.one.part-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Unknown_host_is_retried_with_a_remedy(string host)
    {
        var outcome = await SendAsync(Mails.Options(587, host: host));

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains(host, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains("Smtp:Host", outcome.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_the_app_cancels_a_try_at_once()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.Greeting, SmtpAction.Silence));
        using var stopping = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new SmtpTransport(Mails.Options(server.Port)).SendAsync(AlertMessage.Compose(Mails.Content()), stopping.Token));
    }

    [Fact]
    public async Task Stopping_the_app_after_message_data_makes_the_outcome_unknown()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.Silence));
        using var stopping = new CancellationTokenSource();
        var transport = new SmtpTransport(Mails.Options(server.Port));
        var sending = transport.SendAsync(AlertMessage.Compose(Mails.Content()), stopping.Token);
        await Eventually.TrueAsync(() => server.Messages.Count > 0);

        await stopping.CancelAsync();

        Assert.Equal(MailResult.Unknown, (await sending).Result);
    }

    [Fact]
    public void Description_is_host_and_port() =>
        Assert.Equal("smtp.example.org:587", new SmtpTransport(Mails.Options(587, host: "smtp.example.org")).Description);

    private static Task<MailOutcome> SendAsync(SmtpOptions options, TimeSpan? limit = null) =>
        new SmtpTransport(options, limit).SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
}
