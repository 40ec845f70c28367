using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>The whole path on real parts: a form post, a camera stream, a mail server.</summary>
[Trait("Database", "Both")]
public class IntrusionStoryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_is_photographed_and_mailed()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        var mailServer = await OpenSmtpd.StartAsync(Cancelled);
        var email = OpenSmtpd.AddressFor("story-ann");
        await using var app = await SentinelCamApp.StartAsync([("Camera:Source", stream.Url.ToString()), .. mailServer.Settings]);
        using var ann = await app.RegisterAnnAsync(email);
        await ann.SignOutAsync();

        // Someone guesses
        using var intruder = app.Visit("Mozilla/5.0 (Intruder)");
        var refused = await intruder.SignInAsync(email, "not the password at all");
        Assert.Equal("/login", refused.Path);

        // The mail carries a picture that the camera took, byte for byte
        var mail = await mailServer.WaitForMailAsync("story-ann");
        var jpeg = Assert.IsType<MimePart>(Assert.Single(mail.Attachments)).Bytes();
        Assert.True(stream.Sent(jpeg));
        Assert.Contains(email, mail.Subject, StringComparison.Ordinal);
        Assert.Contains("Mozilla/5.0 (Intruder)", mail.TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain("not the password", mail.ToString(), StringComparison.Ordinal);

        // The owner sees attempt, picture and delivery together
        Assert.Equal("/dashboard", (await ann.SignInAsync(email, SentinelCamApp.Password)).Path);
        var snapshot = await app.ReadAsync(db => db.Snapshots.AsNoTracking().SingleAsync(s => s.StripOfId == null));
        await app.WaitForAcceptedAsync(1);
        foreach (var (page, what) in new[]
                 {
                     ("/dashboard", "Failed sign-in to " + email), ("/alerts/1", "Failed sign-in: wrong password"),
                     ("/userdata", "wrong password for " + email),
                 })
        {
            var seen = (await ann.GetAsync(page)).Main;
            Assert.Contains(what, seen, StringComparison.Ordinal);
            Assert.Contains($"Alert to {email}: sent to 127.0.0.1:{mailServer.Port}", seen, StringComparison.Ordinal);
        }

        Assert.Contains("front door, 640 x 480", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        var picture = await ann.GetAsync($"/snapshots/{snapshot.Id}");
        Assert.Equal("image/jpeg", picture.Headers["Content-Type"]);
        Assert.Equal(jpeg, picture.Body);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(jpeg)), snapshot.Sha256);

        // Deleting removes row and file. On PostgreSQL the picture is a row, too
        var file = Path.Combine(app.DataDirectory, "snapshots", snapshot.FileName);
        Assert.Equal(app.Services.GetRequiredService<IPictureStore>() is PictureFolder, File.Exists(file));
        var deleted = await ann.SubmitAsync($"/delete_log/{snapshot.EntryId}", new { });
        Assert.Equal("/userdata", deleted.Path);
        Assert.False(File.Exists(file));
        Assert.False(File.Exists(Path.Combine(app.DataDirectory, "snapshots", PictureFolder.ThumbnailOf(snapshot.FileName))));
        Assert.Equal(0, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Equal(0, await app.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync($"/snapshots/{snapshot.Id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync($"/delete_log/{snapshot.EntryId}")).Status);

        // The administrator finds the jobs
        Assert.Contains(
            "CaptureSnapshotJob.RunAsync", (await ann.GetAsync("/hangfire/jobs/succeeded")).Text, StringComparison.Ordinal);
        var log = app.Log();
        Assert.Contains("Attempt 1", log, StringComparison.Ordinal);
        Assert.Contains("attempt 1: snapshot", log, StringComparison.Ordinal);
        Assert.DoesNotContain("not the password", log, StringComparison.Ordinal);
        Assert.DoesNotContain(SentinelCamApp.Password, log, StringComparison.Ordinal);
    }
}
