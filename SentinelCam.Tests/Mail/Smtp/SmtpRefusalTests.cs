using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Refusals in the words of real servers. Those that another setting cures wait and name the setting.</summary>
public sealed class SmtpRefusalTests
{
    [Theory]
    // Postfix
    [InlineData(SmtpStage.RcptTo, "504 5.5.2 <cam>: Helo command rejected: need fully-qualified hostname")]
    [InlineData(SmtpStage.MailFrom, "504 5.5.2 <cam>: Helo command rejected: need fully-qualified hostname")]
    [InlineData(SmtpStage.RcptTo, "450 4.7.1 <cam.test>: Helo command rejected: Host not found")]
    [InlineData(SmtpStage.RcptTo, "501 5.5.2 <cam>: Helo command rejected: Invalid name")]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 <cam>: Helo command rejected: Access denied")]
    [InlineData(SmtpStage.Data, "554 5.7.1 <cam>: Helo command rejected: Access denied")]
    // Exim
    [InlineData(SmtpStage.Ehlo, "501 Syntactically invalid EHLO argument(s)")]
    [InlineData(SmtpStage.RcptTo, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)")]
    [InlineData(SmtpStage.MailFrom, "550 HELO should be a fully qualified domain name or an address literal")]
    [InlineData(SmtpStage.EndOfData, "550 Bad HELO")]
    // Sendmail, Exchange, others
    [InlineData(SmtpStage.Ehlo, "501 5.0.0 Invalid domain name")]
    [InlineData(SmtpStage.Ehlo, "501 5.5.4 Invalid domain name")]
    [InlineData(SmtpStage.Ehlo, "550 5.7.1 who are you")]
    [InlineData(SmtpStage.Ehlo, "504 cam: need fully-qualified hostname")]
    [InlineData(SmtpStage.MailFrom, "503 5.5.2 Send hello first")]
    public Task Refused_name_waits_for_another_name(SmtpStage stage, string reply) =>
        AssertWaitsAsync(stage, reply, "Smtp:HelloName");

    [Theory]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 <bob@example.net>: Relay access denied")]
    [InlineData(SmtpStage.RcptTo, "454 4.7.1 <bob@example.net>: Relay access denied")]
    [InlineData(SmtpStage.RcptTo, "550 relay not permitted")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 <bob@example.net>... Relaying denied")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 <bob@example.net>... Relaying denied. IP name lookup failed [192.0.2.1]")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 Unable to relay")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain")]
    [InlineData(SmtpStage.EndOfData, "550 5.7.64 TenantAttribution; Relay Access Denied")]
    [InlineData(SmtpStage.RcptTo, "550 5.4.1 <bob@example.net>: Relay access denied")]
    [InlineData(SmtpStage.RcptTo, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)")]
    [InlineData(SmtpStage.RcptTo, "513 Relaying denied.")]
    [InlineData(SmtpStage.RcptTo, "551 5.7.1 we do not relay")]
    [InlineData(SmtpStage.RcptTo, "551 User not local; please try <bob@example.com>")]
    [InlineData(SmtpStage.RcptTo, "553 5.7.1\n553 5.7.1 relaying\n553 5.7.1 disallowed")]
    [InlineData(SmtpStage.RcptTo, "550 Delivery is not allowed to this address.")]
    [InlineData(SmtpStage.MailFrom, "550 not permitted to relay through this server")]
    public Task Refusal_to_relay_waits_for_sign_in(SmtpStage stage, string reply) =>
        AssertWaitsAsync(stage, reply, "Smtp:UserName");

    [Theory]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied")]
    [InlineData(SmtpStage.RcptTo, "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.1]")]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org")]
    [InlineData(SmtpStage.RcptTo, "554 5.7.1 <alice@example.org>: Recipient address rejected: Access denied")]
    [InlineData(SmtpStage.Greeting, "554 5.7.1 Connection refused")]
    [InlineData(SmtpStage.Greeting, "554 mx.example.org ESMTP not accepting messages")]
    [InlineData(SmtpStage.Greeting, "550 192.0.2.1 is not allowed to connect")]
    [InlineData(SmtpStage.RcptTo, "550 192.0.2.1 is in a black list at zen.spamhaus.org")]
    [InlineData(SmtpStage.RcptTo, "550 Administrative prohibition")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 Access denied")]
    [InlineData(SmtpStage.MailFrom, "550 5.7.1 Mail from 192.0.2.1 refused by blackhole site bl.example.org")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 Delivery not authorized, message refused")]
    [InlineData(SmtpStage.EndOfData,
        "550 5.7.1 [192.0.2.1] The IP you're using to send mail is not authorized to send\n"
        + "550 5.7.1 email directly to our servers. Please use the SMTP relay at your\n550 5.7.1 service provider instead.")]
    [InlineData(SmtpStage.EndOfData, "550 5.7.25 The IP address sending this message does not have a PTR record")]
    [InlineData(SmtpStage.Data, "554 5.7.1 Command rejected")]
    public Task Refused_machine_waits_for_another_server(SmtpStage stage, string reply) =>
        AssertWaitsAsync(stage, reply, "mail provider's server");

    [Theory]
    [InlineData(SmtpStage.MailFrom, "530 5.7.0 Authentication Required. Learn more at example.org")]
    [InlineData(SmtpStage.RcptTo, "530 5.5.1 Authentication Required")]
    [InlineData(SmtpStage.EndOfData, "530 5.7.0 Authentication required")]
    [InlineData(SmtpStage.MailFrom, "530 SMTP authentication is required.")]
    [InlineData(SmtpStage.RcptTo, "550 authentication required")]
    [InlineData(SmtpStage.MailFrom, "550 5.1.0 Authentication is required")]
    [InlineData(SmtpStage.MailFrom, "503 5.5.4 Error: send AUTH command first")]
    [InlineData(SmtpStage.MailFrom, "503 Error: need EHLO and AUTH first !")]
    [InlineData(SmtpStage.MailFrom, "503 5.7.0 You must authenticate first")]
    [InlineData(SmtpStage.MailFrom, "553 5.7.1 <cam@example.org>: Sender address rejected: not logged in")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 SMTP auth required")]
    [InlineData(SmtpStage.RcptTo, "550 You need to log in before sending")]
    [InlineData(SmtpStage.MailFrom, "454 5.7.3 Client was not authenticated")]
    [InlineData(SmtpStage.MailFrom, "550 5.7.1 Client was not authenticated")]
    [InlineData(SmtpStage.RcptTo, "550 5.7.1 must use POP before SMTP")]
    [InlineData(SmtpStage.RcptTo, "505 5.7.1 Unauthenticated users may not send")]
    public async Task Demand_for_sign_in_waits_and_is_reported(SmtpStage stage, string reply)
    {
        var outcome = await AssertWaitsAsync(stage, reply, "Smtp:UserName and Smtp:Password");

        Assert.True(outcome.SignInRefused);
    }

    [Theory]
    [InlineData(SmtpStage.MailFrom, "530 5.7.0 Must issue a STARTTLS command first")]
    [InlineData(SmtpStage.RcptTo, "450 4.7.1 Session encryption is required")]
    [InlineData(SmtpStage.MailFrom, "451 5.7.3 STARTTLS is required to send mail")]
    [InlineData(SmtpStage.MailFrom, "550 5.7.10 Encryption needed")]
    [InlineData(SmtpStage.MailFrom, "554 5.7.1 TLS required")]
    public async Task Demand_for_TLS_waits_and_is_no_refused_sign_in(SmtpStage stage, string reply)
    {
        var outcome = await AssertWaitsAsync(stage, reply, "Smtp:Security");

        Assert.False(outcome.SignInRefused);
    }

    [Theory]
    [InlineData(SmtpStage.MailFrom, "550 5.1.0 sender refused")]
    [InlineData(SmtpStage.MailFrom, "553 5.1.8 <cam@example.org>... Domain of sender address cam@example.org does not exist")]
    [InlineData(SmtpStage.RcptTo, "553 5.7.1 <cam@example.org>: Sender address rejected: not owned by user bob")]
    [InlineData(SmtpStage.RcptTo, "504 5.5.2 <cam>: Sender address rejected: need fully-qualified address")]
    [InlineData(SmtpStage.RcptTo, "550 Sender verify failed")]
    [InlineData(SmtpStage.MailFrom, "501 5.1.7 Bad sender address syntax")]
    [InlineData(SmtpStage.EndOfData, "550 5.7.60 SMTP; Client does not have permissions to send as this sender")]
    [InlineData(SmtpStage.EndOfData, "554 5.2.252 SendAsDenied; bob@example.org not allowed to send as cam@example.org")]
    [InlineData(SmtpStage.EndOfData, "550 5.7.26 This mail is unauthenticated, which poses a security risk (DMARC)")]
    [InlineData(SmtpStage.MailFrom, "550 5.7.1 sender domain not authenticated (SPF)")]
    public Task Refused_sender_waits_for_another_sender(SmtpStage stage, string reply) =>
        AssertWaitsAsync(stage, reply, "Smtp:From");

    [Theory]
    [InlineData(SmtpStage.MailFrom, "552 5.3.4 Message size exceeds fixed limit")]
    [InlineData(SmtpStage.EndOfData, "552 5.3.4 Error: message file too big")]
    [InlineData(SmtpStage.MailFrom, "552 Message size exceeds maximum permitted")]
    [InlineData(SmtpStage.EndOfData, "552 Message size exceeds maximum permitted")]
    [InlineData(SmtpStage.EndOfData, "552 message is too big")]
    [InlineData(SmtpStage.MailFrom, "552 5.2.3 Message size (712345) exceeds maximum value")]
    [InlineData(SmtpStage.EndOfData, "552 5.2.3 Message exceeds maximum fixed size")]
    [InlineData(SmtpStage.MailFrom, "552 5.3.4 Message size exceeds fixed maximum message size")]
    [InlineData(SmtpStage.EndOfData, "550 5.2.3 RESOLVER.RST.RecvSizeLimit; message too large for this recipient")]
    [InlineData(SmtpStage.RcptTo, "550 RESOLVER.RST.SendSizeLimit.Org; too large for this organization")]
    [InlineData(SmtpStage.EndOfData, "552 5.2.3 Your message exceeded Google's message size limits.")]
    [InlineData(SmtpStage.EndOfData, "552 sorry, that message size exceeds my databytes limit (#5.3.4)")]
    [InlineData(SmtpStage.EndOfData, "523 Message length (712345 bytes) exceeds administrative limit.")]
    [InlineData(SmtpStage.MailFrom, "523 Message too long")]
    [InlineData(SmtpStage.EndOfData, "554 5.3.4 Message too big for system")]
    [InlineData(SmtpStage.EndOfData, "554 Transaction failed: Message length is more than 500000 bytes long")]
    [InlineData(SmtpStage.EndOfData, "550 Message too big!")]
    [InlineData(SmtpStage.EndOfData, "552 Mail size limit exceeded")]
    [InlineData(SmtpStage.EndOfData, "552 Requested mail action aborted: exceeded mailsize limit")]
    [InlineData(SmtpStage.MailFrom, "452 4.3.4 Message size exceeds current limit")]
    [InlineData(SmtpStage.MailFrom, "552 Maximum message size is 100 KB")]
    [InlineData(SmtpStage.EndOfData, "554 Attachment too large")]
    [InlineData(SmtpStage.EndOfData, "550 5.7.1 message content exceeds the allowed size")]
    public async Task Refused_size_is_recognized(SmtpStage stage, string reply)
    {
        var outcome = await SendAsync(stage, reply);

        Assert.Equal((MailResult.TooLarge, OneLine(reply)), (outcome.Result, outcome.Reply));
    }

    [Theory]
    [InlineData(SmtpStage.MailFrom, "452 4.3.1 Insufficient system storage", true)]
    [InlineData(SmtpStage.EndOfData, "452 4.3.1 Insufficient system storage", true)]
    [InlineData(SmtpStage.EndOfData, "552 5.2.2 mailbox full", true)]
    [InlineData(SmtpStage.EndOfData, "552 5.2.2 Mailbox size limit exceeded", true)]
    [InlineData(SmtpStage.RcptTo, "552 Requested mail action aborted: exceeded storage allocation", true)]
    [InlineData(SmtpStage.MailFrom, "452 Space shortage, please try later", true)]
    [InlineData(SmtpStage.EndOfData, "554 5.3.1 system full", true)]
    [InlineData(SmtpStage.EndOfData, "550 5.4.5 Daily user sending limit exceeded", false)]
    [InlineData(SmtpStage.MailFrom, "550 Too many messages from this account", false)]
    public async Task Full_mailbox_waits_and_may_take_a_smaller_mail(SmtpStage stage, string reply, bool smaller)
    {
        var outcome = await SendAsync(stage, reply);

        Assert.Equal((MailResult.TryAgain, smaller), (outcome.Result, outcome.SmallerMayPass));
    }

    [Theory]
    [InlineData(SmtpStage.RcptTo, "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in relay recipient table")]
    [InlineData(SmtpStage.RcptTo, "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in virtual mailbox table")]
    [InlineData(SmtpStage.RcptTo, "504 5.5.2 <x>: Recipient address rejected: need fully-qualified address")]
    [InlineData(SmtpStage.RcptTo, "550 5.4.1 Recipient address rejected: Access denied. For more information see the help page")]
    [InlineData(SmtpStage.RcptTo, "550 Unrouteable address")]
    [InlineData(SmtpStage.RcptTo, "550 No such user here")]
    [InlineData(SmtpStage.RcptTo, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found")]
    [InlineData(SmtpStage.RcptTo, "550 sorry, no mailbox here by that name. (#5.1.1)")]
    [InlineData(SmtpStage.RcptTo, "550 5.2.1 The email account that you tried to reach is disabled.")]
    [InlineData(SmtpStage.EndOfData, "554 5.7.1 looks like spam")]
    [InlineData(SmtpStage.EndOfData, "550 message has lines too long for transport")]
    [InlineData(SmtpStage.EndOfData, "554 5.6.0 Message header is too large")]
    public async Task Refusal_of_this_mail_is_permanent(SmtpStage stage, string reply)
    {
        var outcome = await SendAsync(stage, reply);

        Assert.Equal((MailResult.RefusedForGood, reply), (outcome.Result, outcome.Reply));
    }

    [Theory]
    [InlineData(SmtpStage.RcptTo, "450 4.2.0 <alice@example.org>: Recipient address rejected: Greylisted, see the help page")]
    [InlineData(SmtpStage.RcptTo, "451 4.7.1 Greylisting in action, your host must try again later")]
    [InlineData(SmtpStage.MailFrom, "451 4.3.0 not now")]
    [InlineData(SmtpStage.Greeting, "421 4.3.2 try later")]
    public async Task Refusal_that_passes_by_itself_names_no_setting(SmtpStage stage, string reply) =>
        Assert.Equal(new MailOutcome(MailResult.TryAgain, reply), await SendAsync(stage, reply));

    private static async Task<MailOutcome> AssertWaitsAsync(SmtpStage stage, string reply, string remedy)
    {
        var outcome = await SendAsync(stage, reply);

        Assert.Equal((MailResult.TryAgain, OneLine(reply)), (outcome.Result, outcome.Reply));
        Assert.Contains(remedy, outcome.Remedy, StringComparison.Ordinal);
        return outcome;
    }

    // MailKit removes the reply code of each line
    private static string OneLine(string reply) =>
        string.Join(" ", reply.Split('\n').Select((line, i) => i == 0 ? line : line[4..]));

    private static async Task<MailOutcome> SendAsync(SmtpStage stage, string reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply));
        await using var transport = new SmtpTransport(Mails.Options(server.Port), TimeSpan.FromSeconds(20));
        return await transport.SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);
    }
}
