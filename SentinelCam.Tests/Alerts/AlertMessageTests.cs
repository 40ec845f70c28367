using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>What a mail says and how it is built.</summary>
public sealed class AlertMessageTests
{
    [Fact]
    public void Headers_are_as_given_and_suppress_automatic_replies()
    {
        var mail = Mails.Content().Sent();

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
    public void Follow_up_stays_in_its_thread()
    {
        string[] thread = ["0@example.org", "1@example.org"];
        var content = Mails.Content(MailKind.Summary) with { InReplyTo = thread[1], References = thread };
        var mail = (content with { AttemptCount = 12 }).Sent();

        Assert.Equal("1@example.org", mail.InReplyTo);
        Assert.Equal(["0@example.org", "1@example.org"], mail.References);
        Assert.Equal("Re: Failed sign-in to alice@example.org on porch: 12 attempts in all", mail.Subject);
    }

    [Fact]
    public void Picture_is_attached_once_and_shown_once_byte_for_byte()
    {
        var mail = Mails.Content().Sent();

        var attached = Assert.IsType<MimePart>(Assert.Single(mail.Attachments));
        Assert.Equal(("image/jpeg", "porch-2026-11-23.jpg"), (attached.ContentType.MimeType, attached.FileName));
        Assert.Equal(Mails.Jpeg, attached.Bytes());

        var shown = Assert.Single(mail.BodyParts.OfType<MimePart>(), part => part.ContentId is not null);
        Assert.IsType<MultipartRelated>(Assert.IsType<MultipartAlternative>(Assert.IsType<Multipart>(mail.Body)[0])[1]);
        Assert.Equal(Mails.Jpeg, shown.Bytes());
        Assert.False(shown.IsAttachment);
        Assert.Equal("cid:" + shown.ContentId, mail.Html().QuerySelector("img")!.GetAttribute("src"));
    }

    [Fact]
    public void Plain_text_says_when_who_from_where_and_what_to_do()
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

            What to do

            - If you mistyped your password, you do not need to do anything.
            - If it was not you, look at the picture to see who it was. Nobody got
              in this time.
            - If others may know your password, sign in and change it now.

            Camera:         porch
            Picture:        taken on Monday, 23 November 2026 at 20:30:05
                            (Europe/Berlin, UTC+01:00), 640 x 480 pixels

            """.ReplaceLineEndings("\n"),
            Mails.Content().Sent().Plain());
    }

    [Fact]
    public void HTML_and_plain_text_say_the_same()
    {
        var mail = (Mails.Content() with { AttemptCount = 3 }).Sent();

        var html = mail.Html();
        foreach (var cell in html.QuerySelectorAll("td, li, p").Where(element => element.TextContent.Length > 0))
            Assert.Contains(cell.TextContent.OnOneLine(), mail.PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("203.0.113.9", "The camera cannot see that person")]
    [InlineData("192.168.1.20", "another machine on the local network")]
    public void Remote_attempt_says_that_the_camera_cannot_see_the_visitor(string address, string words)
    {
        Assert.Contains(words, (Mails.Content() with { Attempts = [Mails.Attempt(address)] }).Sent().PlainOnOneLine(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(words, Mails.Content().Sent().PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void Mail_does_not_claim_that_the_picture_shows_a_remote_visitor() =>
        Assert.DoesNotContain(
            "look at the picture", (Mails.Content() with { Attempts = [Mails.Attempt("203.0.113.9")] }).Sent().PlainOnOneLine(),
            StringComparison.Ordinal);

    [Fact]
    public void Without_a_picture_the_mail_says_why()
    {
        var mail = (Mails.Content() with { Pictures = [], PictureProblem = "The camera did not answer within 10 s." }).Sent();

        Assert.Contains("No picture:     The camera did not answer within 10 s.", mail.Plain(), StringComparison.Ordinal);
        Assert.Empty(mail.Attachments);
        Assert.Null(mail.Html().QuerySelector("img"));
        Assert.DoesNotContain("look at the picture", mail.PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void Label_precedes_the_picture_in_both_texts()
    {
        var mail = (Mails.Content() with { Pictures = [Mails.Picture("DEMO")] }).Sent();

        Assert.Contains("Picture:        DEMO: taken on", mail.Plain(), StringComparison.Ordinal);
        Assert.Contains("DEMO: taken on", mail.Html().QuerySelector("img")!.GetAttribute("alt"), StringComparison.Ordinal);
    }

    [Fact]
    public void Administrators_are_told_that_the_account_is_unknown()
    {
        var content = Mails.Content(to: "admin@example.org");
        var mail = (content with { AccountUnknown = true, ForAdministrators = true, AccountName = "m***l" }).Sent();

        Assert.Equal("Failed sign-in with the unknown account m***l on porch", mail.Subject);
        Assert.Contains("as an administrator", mail.Plain(), StringComparison.Ordinal);
    }

    [Fact]
    public void Late_and_requested_pictures_say_what_they_are()
    {
        Assert.Equal(
            "Re: Failed sign-in to alice@example.org on porch: the picture", Mails.Content(MailKind.LatePicture).Sent().Subject);

        var manual = (Mails.Content(MailKind.Manual) with { Attempts = [], AttemptCount = 0 }).Sent();
        Assert.Equal("Picture from porch for alice@example.org", manual.Subject);
        Assert.DoesNotContain("Outcome", manual.Plain(), StringComparison.Ordinal);
    }

    [Fact]
    public void Long_burst_is_counted_in_full_and_listed_in_part()
    {
        var attempts = Enumerable.Range(0, 100).Select(i => Mails.Attempt() with { Id = i }).ToList();
        var content = Mails.Content(MailKind.Summary) with { LastAt = Mails.Moment.AddMinutes(5) };
        var mail = (content with { Attempts = attempts, AttemptCount = 10_000 }).Sent();

        Assert.Contains("Attempts:       10000", mail.Plain(), StringComparison.Ordinal);
        Assert.Contains("9980 attempts; the image log lists them all", mail.Plain(), StringComparison.Ordinal);
        Assert.Contains("20:35:05", mail.Plain(), StringComparison.Ordinal);
        Assert.True(mail.Plain().Length < 10_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData("alice@example.org, bob@example.org")]
    [InlineData("alice@example.org\r\nBcc: bob@example.org")]
    [InlineData("\"alice\r\nRCPT TO:<bob@example.org>\"@example.org")]
    public void Invalid_recipient_is_refused(string to) =>
        Assert.Throws<ArgumentException>(() => AlertMessage.Compose(Mails.Content(to: to)));
}
