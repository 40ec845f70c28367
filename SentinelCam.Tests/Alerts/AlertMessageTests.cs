using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using MimeKit;
using MimeKit.Text;
using SentinelCam.Alerts;
using SentinelCam.Data;

using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

public sealed class AlertMessageTests
{
    [Fact]
    public void The_envelope_is_as_given_and_asks_for_no_automatic_answer()
    {
        var mail = Sent(Mails.Content());

        Assert.Equal("\"SentinelCam\" <cam@example.org>", mail.From.ToString());
        Assert.Equal("\"Alice\" <alice@example.org>", mail.To.ToString());
        Assert.Equal("Failed sign-in to alice@example.org on porch", mail.Subject);
        Assert.Equal("delivery-42@example.org", mail.MessageId);
        Assert.Equal(Mails.Moment.AddMilliseconds(-123), mail.Date);
        Assert.Equal(TimeSpan.FromHours(1), mail.Date.Offset);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.Equal("All", mail.Headers["X-Auto-Response-Suppress"]);
        Assert.Null(mail.InReplyTo);
        Assert.Empty(mail.References);
    }

    [Fact]
    public void A_mail_that_follows_stays_in_its_thread()
    {
        var mail = Sent(Mails.Content(MailKind.Summary) with { InReplyTo = "1@example.org", References = ["0@example.org", "1@example.org"], AttemptCount = 12 });

        Assert.Equal("1@example.org", mail.InReplyTo);
        Assert.Equal(["0@example.org", "1@example.org"], mail.References);
        Assert.Equal("Re: Failed sign-in to alice@example.org on porch: 12 attempts in all", mail.Subject);
    }

    [Fact]
    public void The_picture_is_attached_once_and_shown_once_byte_for_byte()
    {
        var mail = Sent(Mails.Content());

        var attached = Assert.IsType<MimePart>(Assert.Single(mail.Attachments));
        Assert.Equal(("image/jpeg", "porch-2026-11-23.jpg"), (attached.ContentType.MimeType, attached.FileName));
        Assert.Equal(Mails.Jpeg, Bytes(attached));

        var shown = Assert.Single(mail.BodyParts.OfType<MimePart>(), part => part.ContentId is not null);
        Assert.IsType<MultipartRelated>(Assert.IsType<MultipartAlternative>(Assert.IsType<Multipart>(mail.Body)[0])[1]);
        Assert.Equal(Mails.Jpeg, Bytes(shown));
        Assert.False(shown.IsAttachment);
        Assert.Equal("cid:" + shown.ContentId, Html(mail).QuerySelector("img")!.GetAttribute("src"));
    }

    [Fact]
    public void Plain_text_tells_when_who_from_where_and_what_to_do()
    {
        Assert.Equal(
            """
            Someone tried to sign in to the account alice@example.org on porch and
            failed.

            When:           Monday, 23 November 2026 at 20:30:05 (Europe/Berlin,
                            UTC+01:00)
            Account:        alice@example.org
            From:           this machine (127.0.0.1)
            Browser:        Mozilla/5.0 (X11; Linux x86_64)
            Outcome:        wrong password
            Attempt:        number 1 in this burst

            Camera:         porch
            Picture:        taken on Monday, 23 November 2026 at 20:30:05
                            (Europe/Berlin, UTC+01:00), 640 x 480 pixels

            What to do

            - If you mistyped your password, you do not need to do anything.
            - If it was not you, look at the picture to see who it was. Nobody got
              in this time.
            - If others may know your password, sign in and change it now.

            """.ReplaceLineEndings("\n"),
            Plain(Sent(Mails.Content())));
    }

    [Fact]
    public void Both_texts_say_the_same()
    {
        var mail = Sent(Mails.Content() with { AttemptCount = 3 });

        var html = Html(mail);
        foreach (var cell in html.QuerySelectorAll("td, li, p").Where(element => element.TextContent.Length > 0))
            Assert.Contains(OneLine(cell.TextContent), OneLine(Plain(mail)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("203.0.113.9", "The camera cannot see that person")]
    [InlineData("192.168.1.20", "another machine on the local network")]
    public void An_attempt_from_elsewhere_says_what_the_camera_cannot_know(string address, string words)
    {
        Assert.Contains(words, OneLine(Plain(Sent(Mails.Content() with { Attempts = [Mails.Attempt(address)] }))), StringComparison.Ordinal);
        Assert.DoesNotContain(words, OneLine(Plain(Sent(Mails.Content()))), StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_is_not_said_to_show_a_remote_visitor() =>
        Assert.DoesNotContain("look at the picture", OneLine(Plain(Sent(Mails.Content() with { Attempts = [Mails.Attempt("203.0.113.9")] }))), StringComparison.Ordinal);

    [Fact]
    public void Without_a_picture_the_mail_says_why()
    {
        var mail = Sent(Mails.Content() with { Pictures = [], PictureProblem = "The camera did not answer within 10 s." });

        Assert.Contains("No picture:     The camera did not answer within 10 s.", Plain(mail), StringComparison.Ordinal);
        Assert.Empty(mail.Attachments);
        Assert.Null(Html(mail).QuerySelector("img"));
        Assert.DoesNotContain("look at the picture", OneLine(Plain(mail)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_stands_before_the_picture_in_both_texts()
    {
        var mail = Sent(Mails.Content() with { Pictures = [Mails.Picture("DEMO")] });

        Assert.Contains("Picture:        DEMO: taken on", Plain(mail), StringComparison.Ordinal);
        Assert.Contains("DEMO: taken on", Html(mail).QuerySelector("img")!.GetAttribute("alt"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_account_is_told_to_administrators_as_such()
    {
        var mail = Sent(Mails.Content(to: "admin@example.org") with { AccountUnknown = true, ForAdministrators = true, AccountName = "m***l" });

        Assert.Equal("Failed sign-in with the unknown account m***l on porch", mail.Subject);
        Assert.Contains("as an administrator", Plain(mail), StringComparison.Ordinal);
    }

    [Fact]
    public void A_late_picture_and_a_picture_on_request_say_what_they_are()
    {
        Assert.Equal("Re: Failed sign-in to alice@example.org on porch: the picture", Sent(Mails.Content(MailKind.LatePicture)).Subject);

        var manual = Sent(Mails.Content(MailKind.Manual) with { Attempts = [], AttemptCount = 0 });
        Assert.Equal("Picture from porch for alice@example.org", manual.Subject);
        Assert.DoesNotContain("Outcome", Plain(manual), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_burst_is_counted_in_full_and_told_in_part()
    {
        var attempts = Enumerable.Range(0, 100).Select(i => Mails.Attempt() with { Id = i }).ToList();
        var mail = Sent(Mails.Content(MailKind.Summary) with { Attempts = attempts, AttemptCount = 10_000, LastAt = Mails.Moment.AddMinutes(5) });

        Assert.Contains("Attempts:       10000", Plain(mail), StringComparison.Ordinal);
        Assert.Contains("9980 attempts; the image log lists them all", Plain(mail), StringComparison.Ordinal);
        Assert.Contains("20:35:05", Plain(mail), StringComparison.Ordinal);
        Assert.True(Plain(mail).Length < 10_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData("alice@example.org, bob@example.org")]
    [InlineData("alice@example.org\r\nBcc: bob@example.org")]
    [InlineData("\"alice\r\nRCPT TO:<bob@example.org>\"@example.org")]
    public void A_recipient_that_is_no_mail_address_is_refused(string to) =>
        Assert.Throws<ArgumentException>(() => AlertMessage.Compose(Mails.Content(to: to)));

    /// <summary>The mail as it is after a journey: written, and read again.</summary>
    internal static MimeMessage Sent(AlertContent content)
    {
        using var wire = new MemoryStream();
        AlertMessage.Compose(content).WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, wire);
        wire.Position = 0;
        return MimeMessage.Load(wire);
    }

    internal static byte[] Bytes(MimePart part)
    {
        using var bytes = new MemoryStream();
        part.Content!.DecodeTo(bytes);
        return bytes.ToArray();
    }

    internal static string Plain(MimeMessage mail) => mail.GetTextBody(TextFormat.Plain)!.ReplaceLineEndings("\n");

    internal static IDocument Html(MimeMessage mail) => new HtmlParser().ParseDocument(mail.HtmlBody!);

    internal static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
