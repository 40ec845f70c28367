using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

public sealed class RealMailServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Real_server_delivers_the_mail_with_its_picture_unchanged()
    {
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var server = await OpenSmtpd.StartAsync(Cancel);

        var outcome = await SendAsync(server, Mails.Content(to: OpenSmtpd.AddressFor("picture")));

        Assert.Equal(MailResult.Accepted, outcome.Result);
        Assert.StartsWith("250 2.0.0", outcome.Reply, StringComparison.Ordinal);
        var mail = await server.WaitForMailAsync("picture");
        Assert.Equal("delivery-42@example.org", mail.MessageId);
        Assert.Equal("Failed sign-in to alice@example.org on porch", mail.Subject);
        Assert.Equal(Mails.Jpeg, Assert.IsType<MimePart>(Assert.Single(mail.Attachments)).Bytes());
        Assert.Contains("20:30:05 (Europe/Berlin, UTC+01:00)", mail.PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_server_delivers_letters_of_all_scripts()
    {
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var server = await OpenSmtpd.StartAsync(Cancel);

        await SendAsync(server, Mails.Content(to: OpenSmtpd.AddressFor("scripts")) with { CameraName = "Haustür 门 שער" });

        var mail = await server.WaitForMailAsync("scripts");
        Assert.EndsWith("on Haustür 门 שער", mail.Subject, StringComparison.Ordinal);
        Assert.Contains("Camera:         Haustür 门 שער", mail.Plain(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_server_accepts_ten_mails_at_once()
    {
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var server = await OpenSmtpd.StartAsync(Cancel);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            SendAsync(server, Mails.Content(to: OpenSmtpd.AddressFor("many")) with { MessageId = $"{i}@example.org" })));

        Assert.All(outcomes, outcome => Assert.Equal(MailResult.Accepted, outcome.Result));
        Assert.Equal(10, (await server.WaitForMailsAsync("many", 10)).DistinctBy(mail => mail.MessageId).Count());
    }

    private static Task<MailOutcome> SendAsync(OpenSmtpd server, AlertContent content) =>
        new SmtpTransport(Mails.Options(server.Port)).SendAsync(AlertMessage.Compose(content), Cancel);
}
