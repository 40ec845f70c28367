using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Snapshots;

/// <summary>Pictures that could mislead are labelled wherever their owner sees them.</summary>
public class SnapshotLabelTests
{
    private static readonly DateTimeOffset Moment = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<FrameQuality, string> Labels => new()
    {
        { FrameQuality.Black, "black picture" },
        { FrameQuality.Uniform, "one flat colour" },
        { FrameQuality.Stale, "from before the attempt" },
        { FrameQuality.Frozen, "frozen picture" },
        { FrameQuality.Demo, "DEMO" },
    };

    [Theory]
    [MemberData(nameof(Labels))]
    public void Label_names_the_quality_and_a_late_capture(FrameQuality quality, string label)
    {
        Assert.Equal(label, SnapshotLabel.Of(Taken(1, quality), Moment));
        Assert.Equal($"{label}, taken 60 s late", SnapshotLabel.Of(Taken(60, quality), Moment));
    }

    [Theory]
    [InlineData(FrameQuality.Good)]
    [InlineData(FrameQuality.Unchecked)]
    public void Good_and_unchecked_pictures_have_no_label(FrameQuality quality) =>
        Assert.Null(SnapshotLabel.Of(Taken(1, quality), Moment));

    [Theory]
    [MemberData(nameof(Labels))]
    public async Task Label_appears_in_the_list_on_the_entry_page_and_in_the_mail(FrameQuality quality, string label)
    {
        var camera = new FakeCamera();
        await using var app = await SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<ICamera>(camera);
        });
        using var ann = await app.RegisterAnnAsync();

        camera.Send(TestJpeg.Good(DateTimeOffset.UtcNow.AddSeconds(1)) with { Quality = quality });
        var entry = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);

        Assert.Equal(
            quality, await app.ReadAsync(db => db.Snapshots.Where(s => s.EntryId == entry).Select(s => s.Quality).SingleAsync()));
        Assert.Contains(label, (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Contains(label, (await ann.GetAsync($"/userdata/{entry}")).Main, StringComparison.Ordinal);
        var mail = Assert.Single(app.Mails());
        Assert.Contains($"Picture: {label}", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains(label, mail.Html().QuerySelector("img")!.GetAttribute("alt"), StringComparison.Ordinal);
    }

    private static Snapshot Taken(double secondsLater, FrameQuality quality) => new()
    {
        FileName = "2030/01/01/x.jpg",
        Sha256 = "",
        CameraName = "desk",
        TakenAt = Moment.AddSeconds(secondsLater),
        Quality = quality,
    };
}
