using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Real Postfix and Exim with the restrictions that operators use.</summary>
public sealed class PostfixAndEximTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postfix_that_demands_a_full_name_takes_the_mail()
    {
        Assert.SkipUnless(Postfix.IsAvailable, Postfix.Why);
        var server = await Postfix.StartAsync(Cancel);

        Assert.Equal(MailResult.Accepted, (await SendAsync(Postfix.Port("full name"), "alice@mail.test")).Result);

        Assert.Single((await server.WaitForMailAsync("alice", Cancel)).Attachments);
    }

    [Fact]
    public async Task Postfix_that_accepts_slowly_gets_the_mail_once()
    {
        Assert.SkipUnless(Postfix.IsAvailable, Postfix.Why);
        var server = await Postfix.StartAsync(Cancel);

        // It waits four seconds before its reply to the final dot
        var outcome = await SendAsync(Postfix.Port("slow"), "slow@mail.test", limit: TimeSpan.FromSeconds(3));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        await server.WaitForMailAsync("slow", Cancel);
    }

    [Theory]
    [InlineData("helo", "Helo command rejected", "Smtp:HelloName")]
    [InlineData("client", "Client host rejected", "mail provider's server")]
    [InlineData("sender", "Sender address rejected", "Smtp:From")]
    [InlineData("submission", "Recipient address rejected: Access denied", "Smtp:UserName")]
    [InlineData("relay", "Relay access denied", "Smtp:UserName")]
    public async Task Refusal_by_Postfix_waits_and_names_the_setting(string restriction, string words, string remedy)
    {
        Assert.SkipUnless(Postfix.IsAvailable, Postfix.Why);
        await Postfix.StartAsync(Cancel);

        var outcome = await SendAsync(Postfix.Port(restriction), "alice@example.org");

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains(remedy, outcome.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("size")]
    [InlineData("undeclared size")]
    public async Task Postfix_refuses_the_size_and_takes_a_smaller_mail(string restriction)
    {
        Assert.SkipUnless(Postfix.IsAvailable, Postfix.Why);
        await Postfix.StartAsync(Cancel);

        Assert.Equal(MailResult.TooLarge, (await SendAsync(Postfix.Port(restriction), "small@mail.test")).Result);
        var smaller = await SendAsync(Postfix.Port(restriction), "small@mail.test", maxPictureBytes: 0);
        Assert.Equal(MailResult.Accepted, smaller.Result);
    }

    [Fact]
    public async Task Unknown_recipient_at_Postfix_is_refused_for_good()
    {
        Assert.SkipUnless(Postfix.IsAvailable, Postfix.Why);
        await Postfix.StartAsync(Cancel);

        Assert.Equal(MailResult.RefusedForGood, (await SendAsync(Postfix.Port("full name"), "nobody@mail.test")).Result);
    }

    [Fact]
    public async Task Exim_that_demands_a_full_name_takes_the_mail()
    {
        Assert.SkipUnless(Exim.IsAvailable, Exim.Why);
        var server = await Exim.StartAsync(Cancel);

        Assert.Equal(MailResult.Accepted, (await SendAsync(Exim.Port, "alice@mail.test")).Result);

        Assert.Single((await server.WaitForMailAsync("alice", Cancel)).Attachments);
    }

    [Theory]
    [InlineData("helo@mail.test", "Invalid HELO name", "Smtp:HelloName")]
    [InlineData("auth@mail.test", "authentication required", "Smtp:UserName")]
    [InlineData("listed@mail.test", "is in a black list", "mail provider's server")]
    [InlineData("prohibited@mail.test", "Administrative prohibition", "mail provider's server")]
    [InlineData("sender@mail.test", "Sender verify failed", "Smtp:From")]
    [InlineData("alice@example.org", "relay not permitted", "Smtp:UserName")]
    public async Task Refusal_by_Exim_waits_and_names_the_setting(string recipient, string words, string remedy)
    {
        Assert.SkipUnless(Exim.IsAvailable, Exim.Why);
        await Exim.StartAsync(Cancel);

        var outcome = await SendAsync(Exim.Port, recipient);

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains(remedy, outcome.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exim_refuses_the_size_and_takes_a_smaller_mail()
    {
        Assert.SkipUnless(Exim.IsAvailable, Exim.Why);
        await Exim.StartAsync(Cancel);
        var large = Mails.Picture() with { Jpeg = [.. Mails.Jpeg, .. Mails.Jpeg] };

        var refused = await SendAsync(Exim.Port, "small@mail.test", picture: large);
        Assert.Equal((MailResult.TooLarge, "552 Message size exceeds maximum permitted"), (refused.Result, refused.Reply));
        var smaller = await SendAsync(Exim.Port, "small@mail.test", maxPictureBytes: 0, picture: large);
        Assert.Equal(MailResult.Accepted, smaller.Result);
    }

    [Fact]
    public async Task Unknown_recipient_at_Exim_is_refused_for_good()
    {
        Assert.SkipUnless(Exim.IsAvailable, Exim.Why);
        await Exim.StartAsync(Cancel);

        Assert.Equal(MailResult.RefusedForGood, (await SendAsync(Exim.Port, "nobody@mail.test")).Result);
    }

    private static async Task<MailOutcome> SendAsync(
        int port, string to, TimeSpan? limit = null, int maxPictureBytes = MailPictures.MaxBytes, MailPicture? picture = null)
    {
        await using var transport = new SmtpTransport(Mails.Options(port, host: "127.0.0.1"), limit);
        var content = Mails.Content(to: to) with { Pictures = [picture ?? Mails.Picture()] };
        return await transport.SendAsync(AlertMessage.Compose(content, maxPictureBytes: maxPictureBytes), Cancel);
    }
}
