using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using OpenCvSharp;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>Mail servers that accept only small mails get smaller pictures, then none.</summary>
public class SizeRefusalTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(200_000, true, 960)]
    [InlineData(200_000, false, 960)]
    [InlineData(60_000, false, 320)]
    public async Task Mail_that_is_too_large_is_sent_with_smaller_pictures(int limit, bool checksDeclaredSize, int maxWidth)
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var server = ScriptedSmtpServer.Start(new SmtpScript
        {
            SizeLimit = limit,
            ChecksDeclaredSize = checksDeclaredSize,
            SizeRefusal = "552 Message size exceeds maximum permitted",
        });
        await using var app = await StartAsync(server);

        var mail = await MailAsync(app, server);

        var picture = Assert.IsType<MimePart>(Assert.Single(mail.Attachments));
        using var image = Cv2.ImDecode(picture.Bytes(), ImreadModes.Color);
        Assert.InRange(image.Width, 160, maxWidth);
        var text = mail.PlainOnOneLine();
        Assert.Contains("The mail server accepts only smaller mails", text, StringComparison.Ordinal);
        Assert.Contains("reduced from", text, StringComparison.Ordinal);
        var delivery = await app.ReadAsync(db => db.Deliveries.SingleAsync());
        Assert.Equal(1, delivery.Tries);
        Assert.EndsWith("(with smaller pictures, after 552 Message size exceeds maximum permitted)", delivery.LastReply,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("552 5.3.4 Message size exceeds fixed limit", true)]
    [InlineData("523 Message length exceeds administrative limit.", false)]
    [InlineData("452 4.3.4 Message too large for now", false)]
    public async Task Mail_that_is_still_too_large_is_sent_without_pictures_and_says_so(string refusal, bool checksDeclaredSize)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { SizeLimit = 15_000, SizeRefusal = refusal, ChecksDeclaredSize = checksDeclaredSize });
        await using var app = await StartAsync(server);

        var mail = await MailAsync(app, server);

        Assert.Empty(mail.Attachments);
        Assert.Contains("1 picture is not in this mail, because the mail server accepts only smaller mails. See the image log.",
            mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains("wrong password", mail.TextBody, StringComparison.Ordinal);
        Assert.Equal(1, await app.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Mail_that_is_too_large_without_pictures_waits_for_a_higher_limit()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { SizeLimit = 100 }, new SmtpScript { SizeLimit = 100 }, new SmtpScript { SizeLimit = 100 },
            new SmtpScript { SizeLimit = 100 }, new SmtpScript());
        await using var app = await StartAsync(server);
        await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        var reply = await WaitForRefusalAsync(app);

        Assert.Contains("size limit is too low", reply, StringComparison.Ordinal);
        _clock.AdvanceMinutes(4);
        await app.WaitForAcceptedAsync(1);
        Assert.Single(Load(server.Messages[^1]).Attachments);
    }

    [Theory]
    [InlineData("552 5.2.2 mailbox full")]
    [InlineData("452 4.3.1 Insufficient system storage")]
    public async Task Mail_to_a_nearly_full_mailbox_is_sent_without_pictures_after_an_hour(string refusal)
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript { SizeLimit = 15_000, SizeRefusal = refusal, ChecksDeclaredSize = false });
        await using var app = await StartAsync(server);
        await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        Assert.StartsWith(refusal, await WaitForRefusalAsync(app), StringComparison.Ordinal);
        Assert.Single(server.Messages);

        // At once, so that no try in between puts the next one off beyond the end
        _clock.Sleep(TimeSpan.FromMinutes(62));
        await app.WaitForAcceptedAsync(1);

        Assert.Empty(Load(server.Messages[^1]).Attachments);
    }

    private static async Task<string?> WaitForRefusalAsync(SentinelCamApp app)
    {
        var delivery = await app.WaitForAsync(
            db => db.Deliveries.AsNoTracking().SingleOrDefaultAsync(), d => d is { Tries: > 0, State: DeliveryState.Waiting });
        return delivery!.LastReply;
    }

    private static async Task<MimeMessage> MailAsync(SentinelCamApp app, ScriptedSmtpServer server)
    {
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        return Load(server.Messages[^1]);
    }

    private async Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server)
    {
        var camera = new FakeCamera();
        camera.Send(Noise(_clock.GetUtcNow()));
        return await SentinelCamApp.StartAsync(
            _clock,
            services =>
            {
                Household.CheapPasswords(services);
                services.AddSingleton<ICamera>(camera);
            },
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"),
            ("Smtp:From", "cam@example.org"), ("Capture:Frames", "1"));
    }

    /// <summary>A picture that compresses badly; without OpenCV one that cannot be reduced.</summary>
    private static Frame Noise(DateTimeOffset takenAt)
    {
        if (!OpenCv.Library.Loads)
            return new Frame(TestJpeg.Tiny(1, 100_000), 640, 480, takenAt, FrameQuality.Unchecked);
        using var image = new Mat(600, 800, MatType.CV_8UC3);
        Cv2.Randu(image, new Scalar(0, 0, 0), new Scalar(255, 255, 255));
        Cv2.ImEncode(".jpg", image, out var jpeg);
        return new Frame(jpeg, image.Width, image.Height, takenAt, FrameQuality.Unchecked);
    }

    private static MimeMessage Load(byte[] bytes) =>
        MimeMessage.Load(new MemoryStream(bytes), TestContext.Current.CancellationToken);
}
