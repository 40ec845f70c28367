using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Snapshots;

/// <summary>Pictures on disk.</summary>
public sealed class PictureFolderTests : IDisposable
{
    private static readonly DateTimeOffset Moment = new(2030, 1, 31, 23, 59, 59, TimeSpan.Zero);

    private readonly string _parent = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly DataDirectory _data;
    private readonly PictureFolder _store;

    public PictureFolderTests()
    {
        _data = Open(Path.Combine(_parent, "data"));
        _store = new PictureFolder(_data, new Thumbnails(OpenCv.Library), NullLogger<PictureFolder>.Instance);
    }

    [Fact]
    public void Cameras_JPEG_is_stored_byte_for_byte_and_described()
    {
        var frame = TestJpeg.Good(Moment) with { Quality = FrameQuality.Good };

        var snapshot = _store.Save(frame, "front door");

        Assert.Matches("^2030/01/31/[0-9a-f]{32}\\.jpg$", snapshot.FileName);
        Assert.Equal(frame.Jpeg, File.ReadAllBytes(_store.PathOf(snapshot.FileName)));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(frame.Jpeg)), snapshot.Sha256);
        Assert.Equal((640, 480, frame.Jpeg.Length), (snapshot.Width, snapshot.Height, (int)snapshot.Bytes));
        Assert.Equal((Moment, "front door", FrameQuality.Good, false),
            (snapshot.TakenAt, snapshot.CameraName, snapshot.Quality, snapshot.Pinned));
        Assert.Equal(snapshot.HasThumbnail, File.Exists(_store.PathOf(PictureFolder.ThumbnailOf(snapshot.FileName))));
    }

    [Fact]
    public void Folder_is_the_UTC_date()
    {
        var inTokyo = new DateTimeOffset(2030, 2, 1, 8, 0, 0, TimeSpan.FromHours(9));

        Assert.StartsWith("2030/01/31/", _store.Save(TestJpeg.Good(inTokyo), "cam").FileName, StringComparison.Ordinal);
    }

    [Fact]
    public void Saving_a_frame_twice_makes_two_files()
    {
        var frame = TestJpeg.Good(Moment);

        Assert.NotEqual(_store.Save(frame, "cam").FileName, _store.Save(frame, "cam").FileName);
    }

    [Fact]
    public void Undecodable_frame_is_stored_without_a_thumbnail()
    {
        var snapshot = _store.Save(new Frame(TestJpeg.Tiny(1), 32, 24, Moment, FrameQuality.Unchecked), "cam");

        Assert.False(snapshot.HasThumbnail);
        Assert.True(File.Exists(_store.PathOf(snapshot.FileName)));
    }

    [Fact]
    public async Task Picture_is_stored_even_if_its_thumbnail_cannot_be_written()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has this limit");
        // Linux paths have at most 4095 bytes, and the thumbnail's path is longer than the picture's
        const int Longest = 4095;
        var half = Path.Combine("snapshots", "2030", "01", "31", new string('x', 32) + ".jpg." + new string('x', 32) + ".half");
        var deep = _parent;
        while (Longest - deep.Length - half.Length > 202)
            deep = Path.Combine(deep, new string('d', 200));
        using var data = Open(Path.Combine(deep, new string('d', Longest - deep.Length - half.Length - 4)));
        var store = new PictureFolder(data, new Thumbnails(OpenCv.Library), NullLogger<PictureFolder>.Instance);

        var snapshot = store.Save(TestJpeg.Good(Moment), "cam");

        Assert.False(snapshot.HasThumbnail);
        await AssertOpensAsync(TestJpeg.Demo(), false, store.OpenThumbnailAsync(snapshot, Cancelled));
    }

    [Fact]
    public async Task Full_picture_replaces_a_missing_or_empty_thumbnail()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var frame = TestJpeg.Good(Moment);
        var snapshot = _store.Save(frame, "cam");
        var small = _store.PathOf(PictureFolder.ThumbnailOf(snapshot.FileName));
        await AssertOpensAsync(
            await File.ReadAllBytesAsync(small, Cancelled), true, _store.OpenThumbnailAsync(snapshot, Cancelled));

        await File.WriteAllTextAsync(small, "", Cancelled);
        await AssertOpensAsync(frame.Jpeg, false, _store.OpenThumbnailAsync(snapshot, Cancelled));
        File.Delete(small);
        await AssertOpensAsync(frame.Jpeg, false, _store.OpenThumbnailAsync(snapshot, Cancelled));
    }

    [Fact]
    public async Task Missing_picture_opens_as_none()
    {
        var snapshot = _store.Save(TestJpeg.Good(Moment), "cam");
        Assert.True(await _store.ExistsAsync(snapshot, Cancelled));

        _store.Delete(snapshot.FileName);

        Assert.False(await _store.ExistsAsync(snapshot, Cancelled));
        Assert.Null(await _store.OpenAsync(snapshot, Cancelled));
        Assert.Null(await _store.OpenThumbnailAsync(snapshot, Cancelled));
        snapshot.FileName = "2001/01/01/0123456789abcdef0123456789abcdef.jpg";
        Assert.Null(await _store.OpenAsync(snapshot, Cancelled));
    }

    [Fact]
    public async Task Row_that_leads_out_of_the_folder_has_no_picture_and_deletes_nothing()
    {
        var snapshot = _store.Save(TestJpeg.Good(Moment), "cam");
        var other = Path.Combine(_data.Root, "other.jpg");
        await File.WriteAllBytesAsync(other, [1], Cancelled);
        foreach (var name in new[] { other, "../other.jpg", "2030/01/31/../../../../other.jpg" })
        {
            snapshot.FileName = name;

            Assert.Null(await _store.OpenAsync(snapshot, Cancelled));
            Assert.Null(await _store.OpenThumbnailAsync(snapshot, Cancelled));
            Assert.False(await _store.ExistsAsync(snapshot, Cancelled));
            _store.Delete(name);
        }

        Assert.True(File.Exists(other));
    }

    [Fact]
    public async Task Open_picture_can_be_deleted_and_read_to_its_end()
    {
        var frame = TestJpeg.Good(Moment);
        var snapshot = _store.Save(frame, "cam");
        await using var open = await _store.OpenAsync(snapshot, Cancelled);

        _store.Delete(snapshot.FileName);

        Assert.Equal(frame.Jpeg, await open!.ReadAsync());
    }

    [Fact]
    public async Task Picture_that_cannot_be_written_discards_its_strip()
    {
        var strip = TestJpeg.Good(Moment);
        File.WriteAllText(Path.Combine(_data.Snapshots, "2031"), "in the way of the folder");

        await Assert.ThrowsAnyAsync<IOException>(() => _store.SaveAsync(TestJpeg.Good(Moment.AddYears(1)), () => [strip], "cam"));
        var kept = await _store.SaveAsync(TestJpeg.Good(Moment), () => [strip, TestJpeg.Good(Moment.AddYears(1))], "cam");

        Assert.Single(kept.Strip);
        Assert.Equal(kept.FileNames().Order(), Directory.EnumerateFiles(_data.Snapshots, "*.jpg", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_data.Snapshots, path).Replace('\\', '/'))
            .Where(name => !name.Contains(".thumb.", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Deleting_removes_picture_and_thumbnail_and_ignores_missing_files()
    {
        var name = _store.Save(TestJpeg.Good(Moment), "cam").FileName;

        _store.Delete(name);
        _store.Delete(name);
        _store.Delete("2001/01/01/never-there.jpg");

        Assert.Empty(Directory.EnumerateFiles(_data.Snapshots, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Failed_write_throws_and_leaves_nothing_behind()
    {
        File.WriteAllText(Path.Combine(_data.Snapshots, "2030"), "in the way of the folder");

        Assert.ThrowsAny<IOException>(() => _store.Save(TestJpeg.Good(Moment), "cam"));

        Assert.Equal(["2030"], Directory.EnumerateFileSystemEntries(_data.Snapshots).Select(Path.GetFileName));
    }

    [Fact]
    public void Files_of_a_period_are_listed_by_picture_name()
    {
        var before = SaveAt(Moment.AddDays(-2));
        var within = SaveAt(Moment);
        var after = SaveAt(Moment.AddDays(2));

        Assert.Equal([within], _store.NamesBetween(Moment.AddDays(-1), Moment.AddDays(1)).Distinct());
        Assert.Equal(new[] { before, within, after }.Order(),
            _store.NamesBetween(Moment.AddDays(-3), Moment.AddDays(3)).Distinct().Order());
    }

    [Fact]
    public void Old_half_written_files_are_removed()
    {
        var whole = SaveAt(Moment);
        var old = Half("old", Moment.AddHours(-2));
        var young = Half("young", Moment);

        _store.DeleteUnfinishedOlderThan(Moment.AddHours(-1));

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        Assert.True(File.Exists(_store.PathOf(whole)));

        string Half(string name, DateTimeOffset time)
        {
            var path = Path.Combine(Path.GetDirectoryName(_store.PathOf(whole))!, name + ".jpg.half");
            File.WriteAllText(path, "half a pict");
            File.SetLastWriteTimeUtc(path, time.UtcDateTime);
            return path;
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        Directory.Delete(_parent, recursive: true);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static async Task AssertOpensAsync(byte[] jpeg, bool isThumbnail, ValueTask<StoredPicture?> opening)
    {
        await using var picture = await opening;
        Assert.Equal(isThumbnail, picture!.IsThumbnail);
        Assert.Equal(jpeg, await picture.ReadAsync());
    }

    private DataDirectory Open(string path)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DataDirectory", path)]).Build();
        return DataDirectory.Open(configuration, new HostingEnvironment { ContentRootPath = _parent });
    }

    private string SaveAt(DateTimeOffset time)
    {
        var name = _store.Save(TestJpeg.Good(Moment), "cam").FileName;
        foreach (var path in new[] { name, PictureFolder.ThumbnailOf(name) }.Select(_store.PathOf).Where(File.Exists))
            File.SetLastWriteTimeUtc(path, time.UtcDateTime);
        return name;
    }
}
