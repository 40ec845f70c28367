using MimeKit;
using OpenCvSharp;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>A mail stays under a megabyte, whatever the camera delivers.</summary>
public sealed class MailSizeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public async Task Large_pictures_are_scaled_down_for_the_mail(int count)
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var large = Noise(2400, 1800);
        Assert.True(large.Length > 1_000_000);

        var pictures = Enumerable.Range(1, count).Select(i => Picture(large) with { Attempt = i });
        var (bytes, mail) = await SendAsync(Mails.Content(MailKind.Summary) with { Pictures = [.. pictures], AttemptCount = 12 });

        Assert.InRange(bytes, 1, 1_000_000);
        Assert.Equal(count, mail.Attachments.Count());
        Assert.Equal(count, mail.Html().QuerySelectorAll("img").Length);
        Assert.Equal(count * 2, mail.BodyParts.OfType<MimePart>().Count(part => part.ContentType.MimeType == "image/jpeg"));
        Assert.All(mail.Attachments.OfType<MimePart>(), part =>
        {
            using var image = Cv2.ImDecode(part.Bytes(), ImreadModes.Color);
            Assert.InRange(image.Width, 160, 1280);
        });
        Assert.Contains("reduced from 2400 x 1800", mail.PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Small_pictures_are_sent_byte_for_byte()
    {
        var (bytes, mail) = await SendAsync(
            Mails.Content() with { Pictures = [Picture(TestJpeg.Demo(1)), Picture(TestJpeg.Demo(2))] });

        Assert.InRange(bytes, 1, 1_000_000);
        Assert.Equal([TestJpeg.Demo(1), TestJpeg.Demo(2)], mail.Attachments.OfType<MimePart>().Select(part => part.Bytes()));
    }

    [Fact]
    public void Pictures_that_cannot_be_scaled_down_are_left_out_and_mentioned()
    {
        var large = TestJpeg.Tiny(1, 900_000);
        using var wire = new MemoryStream();
        var content = Mails.Content() with { Pictures = [Picture(large), Picture(TestJpeg.Demo())] };
        AlertMessage.Compose(content, shrink: (_, _) => null).WriteTo(wire, TestContext.Current.CancellationToken);
        wire.Position = 0;
        var mail = MimeMessage.Load(wire, TestContext.Current.CancellationToken);

        Assert.InRange(wire.Length, 1, 1_000_000);
        Assert.Equal(TestJpeg.Demo(), Assert.IsType<MimePart>(Assert.Single(mail.Attachments)).Bytes());
        Assert.Contains("1 picture is too large for a mail and could not be made smaller. See the image log.",
            mail.PlainOnOneLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Longest_texts_with_largest_pictures_stay_under_a_megabyte()
    {
        var text = new string('漢', 2_000);
        var attempts = Enumerable.Range(1, 20).Select(i => new MailAttempt(i, Mails.Moment, text, text, text, text, i)).ToList();

        var (bytes, _) = await SendAsync(Mails.Content(MailKind.Summary) with
        {
            AccountName = text,
            CameraName = text,
            ToName = text,
            Attempts = attempts,
            AttemptCount = 10_000,
            Addresses = [.. Enumerable.Range(0, 10).Select(_ => new MailAddress(text, 7))],
            Pictures = [.. Enumerable.Range(0, 5).Select(i => Picture(TestJpeg.Tiny(i, MailPictures.MaxBytes / 5 - 200)))],
        });

        Assert.InRange(bytes, MailPictures.MaxBytes * 2, 1_000_000);
    }

    private static MailPicture Picture(byte[] jpeg) => JpegParser.TryParse(jpeg, out var parsed)
        ? Mails.Picture() with { Jpeg = jpeg, Width = parsed.Width, Height = parsed.Height }
        : throw new ArgumentException("No JPEG.", nameof(jpeg));

    private static byte[] Noise(int width, int height)
    {
        using var image = new Mat(height, width, MatType.CV_8UC3);
        Cv2.Randu(image, new Scalar(0, 0, 0), new Scalar(255, 255, 255));
        Cv2.ImEncode(".jpg", image, out var jpeg);
        return jpeg;
    }

    /// <summary>The mail as a server receives it.</summary>
    private static async Task<(int Bytes, MimeMessage Mail)> SendAsync(AlertContent content)
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var transport = new SmtpTransport(Mails.Options(server.Port));
        var message = AlertMessage.Compose(content, new Thumbnails(OpenCv.Library).TryMake);
        Assert.Equal(MailResult.Accepted, (await transport.SendAsync(message, TestContext.Current.CancellationToken)).Result);
        var bytes = Assert.Single(server.Messages);
        return (bytes.Length, Assert.Single(server.Mails));
    }
}
