using System.IO.Compression;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Stored pictures were taken when they say. The stream's pictures contain their own time.</summary>
public class TimedPictureTests
{
    /// <summary>Tolerance for busy machines. What matters is that the picture is not from another time.</summary>
    private static readonly TimeSpan Moments = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_picture_shows_the_moment_and_its_strip_the_time_around_it()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Camera:Source", stream.Url.ToString()), ("Alerts:QuietPeriod", "00:00:00"));
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        using var intruder = app.Visit();
        var page = await intruder.GetAsync("/login");
        await RunningAsync(app.Services.GetRequiredService<CameraFeed>());

        // A machine that stalls for half a second leaves a place of the strip empty: then try again
        ImageLogEntry entry;
        var attempts = 0;
        do
        {
            Assert.True(++attempts < 20, "No attempt has a complete strip.");
            await intruder.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" });
            await app.WaitForAcceptedAsync(attempts);
            await app.Services.GetRequiredService<StripCompletion>().WhenDoneAsync();
            entry = await app.ReadAsync(db =>
                db.ImageLog.AsNoTracking().Include(e => e.Snapshot!.Strip).OrderBy(e => e.Id).LastAsync());
        }
        while (entry.Snapshot?.Strip.Count != 2);

        var (snapshot, strip) = (entry.Snapshot!, entry.Snapshot!.Strip.OrderBy(s => s.TakenAt).ToList());
        Assert.Equal((FrameQuality.Good, true), (snapshot.Quality, snapshot.Score > 0));
        // According to their pixels: one picture at the moment, one before it and one after it
        var shown = ReadTime(app, snapshot);
        Assert.InRange(shown, entry.At - Moments, entry.At + Moments);
        Assert.InRange(ReadTime(app, strip[0]), shown - Moments, shown);
        Assert.InRange(ReadTime(app, strip[1]), shown, shown + Moments);
        Assert.All(strip.Append(snapshot), s => Assert.InRange(s.TakenAt - ReadTime(app, s), TimeSpan.Zero, Moments));

        await ShownInTheMailAsync(app, entry);
        await ShownInTheLogAsync(app, ann, entry.Id, strip);
        await ExportedAsync(ann, await app.ReadAsync(db => db.Snapshots.CountAsync()));

        await ann.SubmitAsync($"/delete_log/{entry.Id}", new { });
        Assert.False(await app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.Id == snapshot.Id || s.StripOfId == snapshot.Id)));
        Assert.All(snapshot.FileNames(), name => Assert.False(File.Exists(Path.Combine(app.DataDirectory, "snapshots", name))));
    }

    [Fact]
    public async Task With_one_frame_there_is_no_strip()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Camera:Source", stream.Url.ToString()), ("Capture:Frames", "1"));
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);

        // Once the second attempt has its picture, the rest of the first one's strip would be there
        await RunningAsync(app.Services.GetRequiredService<CameraFeed>());
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(db => db.Snapshots.CountAsync(s => s.EntryId != null), count => count == 2);

        Assert.Equal(2, await app.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Frames_after_the_picture_are_dropped_if_its_entry_was_deleted()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var app = await SentinelCamApp.StartAsync(("Camera:Source", stream.Url.ToString()));
        var camera = app.Services.GetRequiredService<CameraFeed>();
        var captured = await camera.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
        var picture = captured.Frame! with { TakenAt = DateTimeOffset.UtcNow };
        var strips = app.Services.GetRequiredService<StripCompletion>();
        var (_, toCome) = camera.Strip(picture, 5);

        strips.Begin(4711, picture, toCome);
        await strips.WhenDoneAsync();

        Assert.NotEmpty(toCome);
        Assert.Equal(0, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(app.DataDirectory, "snapshots"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task When_a_camera_goes_out_of_focus_the_sharp_frame_before_is_taken()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var feed = Feed(stream);
        feed.Warm();
        await RunningAsync(feed);

        // A machine that stalls for half a second has no sharp frame near enough: then try again
        for (var tries = 1; ; tries++)
        {
            stream.Mode = TimedMode.Blurred;
            var blurredFrom = DateTimeOffset.UtcNow;
            var moment = blurredFrom.AddSeconds(0.3);
            await Eventually.TrueAsync(() => feed.Status.LastFrameAt > moment);
            var result = await feed.CaptureAsync(moment, Cancelled);

            Assert.Equal((CaptureOutcome.Taken, FrameQuality.Good), (result.Outcome, result.Frame?.Quality));
            if (TimeCode.Read(result.Frame!.Jpeg) < blurredFrom)
                break;
            Assert.True(tries < 10, "A blurred frame was taken every time.");
            stream.Mode = TimedMode.Sharp;
            var from = DateTimeOffset.UtcNow;
            await Eventually.TrueAsync(() => feed.Status.LastFrameAt > from.AddSeconds(1));
        }
    }

    [Fact]
    public async Task A_camera_that_is_turned_off_and_on_again_is_found_again()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var feed = Feed(stream, new CameraFeedLimits { Warm = CameraWarmth.Always });
        await feed.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Live);

        await stream.StopAsync();
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Failed);
        Assert.NotNull(feed.Status.Remedy);
        await stream.StartAgainAsync();
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Live);
        var moment = DateTimeOffset.UtcNow;
        var result = await feed.CaptureAsync(moment, Cancelled);

        Assert.Equal(FrameQuality.Good, result.Frame?.Quality);
        Assert.InRange(TimeCode.Read(result.Frame!.Jpeg), moment - Moments, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_frozen_picture_is_labelled_and_a_live_one_is_preferred()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        await using var stream = await TimedCamera.StartAsync();
        await using var feed = Feed(stream, new CameraFeedLimits { BetterFrameWait = TimeSpan.FromSeconds(0.5) });
        feed.Warm();
        await RunningAsync(feed);
        stream.Mode = TimedMode.Frozen;
        await Eventually.TrueAsync(() => feed.Status.Problem is not null);
        Assert.Equal(CameraState.Live, feed.Status.State);

        var frozen = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, FrameQuality.Frozen), (frozen.Outcome, frozen.Frame?.Quality));
        Assert.Contains("keeps sending the same picture", frozen.Problem, StringComparison.Ordinal);
        Assert.Empty(feed.Strip(frozen.Frame!, 5).Frames);

        stream.Mode = TimedMode.Sharp;
        await Eventually.TrueAsync(() => feed.Status.Problem is null);
        Assert.Equal(FrameQuality.Good, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Frame?.Quality);
    }

    private static CameraFeed Feed(TimedCamera stream, CameraFeedLimits? limits = null) =>
        new(new HttpCamera(stream.Url, TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System,
            NullLogger<CameraFeed>.Instance, limits);

    /// <summary>Waits until the exposure has settled and the ring contains at least 1.5 seconds.</summary>
    private static Task RunningAsync(CameraFeed feed) => Eventually.TrueAsync(() => feed.Status.RingFrames >= 60);

    /// <summary>The mail did not wait for the strip's last picture.</summary>
    private static async Task ShownInTheMailAsync(SentinelCamApp app, ImageLogEntry entry)
    {
        var messageId = await app.ReadAsync(db =>
            db.Deliveries.Where(d => d.EntryId == entry.Id).Select(d => d.MessageId).SingleAsync());
        var mail = Directory.EnumerateFiles(Path.Combine(app.DataDirectory, "outbox"))
            .Select(path => MimeMessage.Load(path, Cancelled)).Single(message => message.MessageId == messageId);
        var inline = mail.BodyParts.OfType<MimePart>().Where(part => part.ContentId is not null).ToList();
        Assert.InRange(inline.Count, 2, 3);
        Assert.All(inline, part => Assert.Contains($"cid:{part.ContentId}", mail.HtmlBody, StringComparison.Ordinal));
        Assert.Contains("s before the picture", mail.HtmlBody, StringComparison.Ordinal);
    }

    /// <summary>The strip is shown with the picture, and only to its owner.</summary>
    private static async Task ShownInTheLogAsync(SentinelCamApp app, WebVisitor ann, long entryId, List<Snapshot> strip)
    {
        await using (var scope = app.Services.CreateAsyncScope())
        {
            // The attempts may have locked the account for five minutes
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            await db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.LockoutEnd, (DateTimeOffset?)null), Cancelled);
        }
        await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        var log = (await ann.GetAsync("/userdata")).Document;
        var images = log.QuerySelectorAll($"#entry-{entryId} .thumbs img");
        Assert.Equal(strip.Select(s => $"/snapshots/{s.Id}?size=thumb"), images.Select(image => image.GetAttribute("src")));
        Assert.Contains("before the picture", images[0].GetAttribute("alt"), StringComparison.Ordinal);
        var file = await File.ReadAllBytesAsync(PathOf(app, strip[0]), Cancelled);
        Assert.Equal(file, (await ann.GetAsync($"/snapshots/{strip[0].Id}")).Body);
        await app.AddAccountAsync("Eve", Household.Eves);
        using var eve = await app.VisitAsAsync(Household.Eves);
        Assert.Equal(HttpStatusCode.NotFound, (await eve.GetAsync($"/snapshots/{strip[0].Id}")).Status);
    }

    private static async Task ExportedAsync(WebVisitor ann, int all)
    {
        var export = await ann.GetAsync("/userdata?handler=Export");
        using var zip = new ZipArchive(new MemoryStream(export.Body));
        using var table = new StreamReader(await zip.GetEntry("image-log.csv")!.OpenAsync(Cancelled));
        var text = await table.ReadToEndAsync(Cancelled);
        var pictures = zip.Entries.Where(entry => entry.Name.EndsWith(".jpg", StringComparison.Ordinal)).ToList();
        Assert.Equal(all, pictures.Count);
        Assert.All(pictures, picture => Assert.Contains(picture.Name, text, StringComparison.Ordinal));
    }

    private static string PathOf(SentinelCamApp app, Snapshot snapshot) =>
        Path.Combine(app.DataDirectory, "snapshots", snapshot.FileName);

    private static DateTimeOffset ReadTime(SentinelCamApp app, Snapshot snapshot) =>
        TimeCode.Read(File.ReadAllBytes(PathOf(app, snapshot)));
}
