using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>How long pictures stay.</summary>
public class RetentionJobTests(RetentionJobTests.SmallHousehold household) : IClassFixture<RetentionJobTests.SmallHousehold>
{
    private const int Large = 400 << 10;
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Pictures_beyond_the_age_are_removed_but_pinned_ones_and_all_entries_stay()
    {
        var now = household.Clock.GetUtcNow();
        var old = await AddAsync(now - TimeSpan.FromDays(31));
        var pinned = await AddAsync(now - TimeSpan.FromDays(31), pinned: true);
        var young = await AddAsync(now - TimeSpan.FromDays(29));

        await RunAsync();

        Assert.False(await IsThereAsync(old));
        Assert.True(await IsThereAsync(pinned));
        Assert.True(await IsThereAsync(young));
        Assert.True(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == old.EntryId)));
    }

    [Fact]
    public async Task Beyond_the_size_the_oldest_unpinned_pictures_are_removed_first()
    {
        var now = household.Clock.GetUtcNow();
        var newest = await AddAsync(now - TimeSpan.FromMinutes(1), Large);
        var oldest = await AddAsync(now - TimeSpan.FromMinutes(9), Large);
        var pinned = await AddAsync(now - TimeSpan.FromMinutes(10), Large, pinned: true);
        var middle = await AddAsync(now - TimeSpan.FromMinutes(5), Large);

        await RunAsync();

        Assert.True(await IsThereAsync(newest));
        Assert.True(await IsThereAsync(pinned));
        Assert.False(await IsThereAsync(oldest));
        Assert.False(await IsThereAsync(middle));
        await RemoveAsync(pinned);
        await RemoveAsync(newest);
    }

    [Fact]
    public async Task File_without_a_row_is_removed_after_an_hour_and_a_younger_one_stays()
    {
        // Older files than the first account belong to a database that was moved away
        household.Clock.Advance(TimeSpan.FromHours(6));
        var store = _app.Pictures;
        var now = household.Clock.GetUtcNow();
        var former = store.Save(TestJpeg.Good(now), "cam").FileName;
        Age(store, former, now - TimeSpan.FromDays(1));
        var orphan = store.Save(TestJpeg.Good(now), "cam").FileName;
        var young = store.Save(TestJpeg.Good(now), "cam").FileName;
        var owned = await AddAsync(now);
        Age(store, orphan, now - TimeSpan.FromMinutes(61));
        Age(store, young, now - TimeSpan.FromMinutes(59));
        Age(store, owned.FileName, now - TimeSpan.FromHours(5));

        await RunAsync();

        Assert.False(File.Exists(store.PathOf(orphan)));
        Assert.False(File.Exists(store.PathOf(PictureFolder.ThumbnailOf(orphan))));
        Assert.True(File.Exists(store.PathOf(young)));
        Assert.True(File.Exists(store.PathOf(former)));
        Assert.True(await IsThereAsync(owned));
        store.Delete(young);
    }

    [Fact]
    public async Task Picture_whose_file_is_missing_is_removed_as_well()
    {
        var snapshot = await AddAsync(household.Clock.GetUtcNow() - TimeSpan.FromDays(31));
        File.Delete(_app.Pictures.PathOf(snapshot.FileName));

        await RunAsync();

        Assert.False(await _app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.Id == snapshot.Id)));
    }

    [Fact]
    public async Task Strip_counts_with_its_picture_and_stays_or_is_removed_with_it()
    {
        var now = household.Clock.GetUtcNow();
        var newest = await AddAsync(now - TimeSpan.FromMinutes(1), Large, stripBytes: Large / 2);
        var older = await AddAsync(now - TimeSpan.FromMinutes(5), Large, stripBytes: Large / 2);
        Assert.Equal(2, newest.Strip.Count + older.Strip.Count);

        await RunAsync();

        // Without the strips they would fit
        Assert.True(await IsThereAsync(newest) && await IsThereAsync(newest.Strip[0]));
        Assert.False(await IsThereAsync(older) || await IsThereAsync(older.Strip[0]));
        await RemoveAsync(newest);
    }

    [Fact]
    public async Task Pinned_pictures_leave_half_of_the_space_to_the_others()
    {
        var now = household.Clock.GetUtcNow();
        var pinned = new List<Snapshot>();
        for (var i = 0; i < 3; i++)
            pinned.Add(await AddAsync(now - TimeSpan.FromDays(1), Large, pinned: true, stripBytes: Large));
        var newest = await AddAsync(now - TimeSpan.FromMinutes(1), Large);
        var older = await AddAsync(now - TimeSpan.FromMinutes(2), Large);

        await RunAsync();

        Assert.True(await IsThereAsync(newest));
        Assert.False(await IsThereAsync(older));
        foreach (var snapshot in pinned)
            Assert.True(await IsThereAsync(snapshot) && await IsThereAsync(snapshot.Strip[0]));
        foreach (var snapshot in pinned.Append(newest))
            await RemoveAsync(snapshot);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("viewer")]
    [InlineData("row")]
    public async Task Pictures_beyond_half_of_the_space_are_not_pinned_and_the_page_says_so(string? where)
    {
        var now = household.Clock.GetUtcNow();
        var first = await AddAsync(now - TimeSpan.FromMinutes(3), Large / 2, stripBytes: Large / 2);
        var second = await AddAsync(now - TimeSpan.FromMinutes(2), Large / 4, stripBytes: Large / 4);
        var third = await AddAsync(now - TimeSpan.FromMinutes(1), Large / 4);

        Assert.DoesNotContain("Not pinned", (await PinAsync(first)).Text, StringComparison.Ordinal);
        var refused = await PinAsync(second);

        Assert.Contains(
            "Not pinned: pinned pictures of all owners already fill half of the space", refused.Text, StringComparison.Ordinal);
        Assert.Equal(where == "row" ? HttpStatusCode.Conflict : HttpStatusCode.OK, refused.Status);
        Assert.Equal(where == "row", refused.Headers.ContainsKey("HX-Retarget"));
        const string StillUnpinned = "title=\"Pinned pictures are kept until you unpin or delete them\">Pin<";
        Assert.Contains(where == "row" ? "class=\"problem\"" : StillUnpinned, refused.Text, StringComparison.Ordinal);
        // A smaller one still fits; and with room again so does the one that was refused
        Assert.DoesNotContain("Not pinned", (await PinAsync(third)).Text, StringComparison.Ordinal);
        await PinAsync(first, "false");
        Assert.DoesNotContain("Not pinned", (await PinAsync(second)).Text, StringComparison.Ordinal);
        long[] ids = [first.Id, second.Id, third.Id];
        Assert.Equal(
            [second.Id, third.Id],
            await _app.ReadAsync(db => db.Snapshots.Where(s => s.Pinned && ids.Contains(s.Id)).OrderBy(s => s.Id)
                .Select(s => s.Id).ToListAsync()));
        foreach (var snapshot in new[] { first, second, third })
            await RemoveAsync(snapshot);

        async Task<WebAnswer> PinAsync(Snapshot snapshot, string pinned = "true") => await household.Ann.PostAsync(
            $"/userdata/{snapshot.EntryId}?handler=Pin&pinned={pinned}",
            [new("__RequestVerificationToken", (await household.Ann.GetAsync("/settings")).Token)],
            where switch
            {
                null => [],
                "row" => [("HX-Request", "true"), ("HX-Target", $"entry-{snapshot.EntryId}")],
                _ => [("HX-Request", "true")],
            });
    }

    private async Task<Snapshot> AddAsync(DateTimeOffset takenAt, int bytes = 100, bool pinned = false, int stripBytes = 0)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var snapshot = _app.Pictures.Save(new Frame(new byte[bytes], 640, 480, takenAt, FrameQuality.Good), "cam");
        snapshot.Pinned = pinned;
        if (stripBytes > 0)
            snapshot.Strip.Add(_app.Pictures.Save(
                new Frame(new byte[stripBytes], 640, 480, takenAt.AddSeconds(-0.5), FrameQuality.Good), "cam"));
        // The file was written now; to the clock of the test that is long ago
        foreach (var name in snapshot.FileNames())
            Age(_app.Pictures, name, household.Clock.GetUtcNow());
        db.Add(new ImageLogEntry
        {
            Trigger = CaptureTrigger.Manual,
            At = takenAt,
            CaptureState = CaptureState.Taken,
            Snapshot = snapshot,
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return snapshot;
    }

    private async Task RemoveAsync(Snapshot snapshot) =>
        await _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == snapshot.EntryId).ExecuteDeleteAsync());

    private async Task RunAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider)
            .RunAsync(TestContext.Current.CancellationToken);
    }

    private async Task<bool> IsThereAsync(Snapshot snapshot)
    {
        var row = await _app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.Id == snapshot.Id));
        Assert.Equal(row, File.Exists(_app.Pictures.PathOf(snapshot.FileName)));
        return row;
    }

    private static void Age(PictureFolder store, string name, DateTimeOffset time)
    {
        foreach (var path in new[] { store.PathOf(name), store.PathOf(PictureFolder.ThumbnailOf(name)) })
            if (File.Exists(path))
                File.SetLastWriteTimeUtc(path, time.UtcDateTime);
    }

    public sealed class SmallHousehold : Household
    {
        protected override (string Key, string? Value)[] Settings =>
            [("Retention:MaxAge", "30.00:00:00"), ("Retention:MaxBytes", $"{1 << 20}")];
    }
}
