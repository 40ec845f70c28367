using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Configuration;
using SentinelCam.Backups;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Backups;

/// <summary>A backup is checked before anything is put in its place, and nothing is overwritten.</summary>
public sealed class RestoreTests(SampleBackup written) : IClassFixture<SampleBackup>, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Data => Path.Combine(_directory, "data");

    private string Altered => Path.Combine(_directory, "altered.zip");

    [Theory]
    [InlineData("../evil.txt")]
    [InlineData("/tmp/evil.txt")]
    [InlineData("snapshots/../../evil.txt")]
    [InlineData("snapshots/2026/11/26/../../../../evil.jpg")]
    [InlineData("keys/..\\..\\evil.xml")]
    [InlineData("keys/sub/evil.xml")]
    [InlineData("sentinelcam.db-wal")]
    [InlineData(".lock")]
    [InlineData("C:/evil.txt")]
    public void File_with_a_foreign_name_is_refused(string name)
    {
        Alter((archive, files) =>
        {
            Put(archive, name, "evil"u8);
            files.Add(Listed(name, "evil"u8));
        });

        Assert.StartsWith("It has a file that no backup has: ", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Archive_with_another_list_of_files_than_its_manifest_is_refused()
    {
        Action<ZipArchive, JsonArray>[] changes =
        [
            (archive, _) => Put(archive, "keys/unlisted.xml", "<key/>"u8),
            (archive, _) => archive.GetEntry("settings.json")!.Delete(),
            (archive, _) => Put(archive, "settings.json", "{}"u8),
            (_, files) => files.Add(files[0]!.DeepClone()),
            (archive, files) =>
            {
                archive.GetEntry("sentinelcam.db")!.Delete();
                files.Remove(files.Single(file => (string)file!["name"]! == "sentinelcam.db"));
            },
            (_, files) => files[0]!["bytes"] = 5,
            (_, files) => files[0]!["bytes"] = -1,
        ];
        foreach (var change in changes)
        {
            Alter(change);
            Assert.Equal("Its files are not those of its manifest, so it is damaged.", Refusal());
        }
    }

    [Fact]
    public void File_with_other_content_is_refused()
    {
        Alter((archive, _) =>
        {
            var picture = archive.Entries.First(entry => entry.FullName.EndsWith(".jpg", StringComparison.Ordinal));
            var (name, bytes) = (picture.FullName, new byte[picture.Length]);
            picture.Delete();
            Put(archive, name, bytes);
        });

        Assert.Contains(".jpg is not the one of its manifest, so it is damaged.", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_database_with_a_right_hash_is_refused()
    {
        var garbage = Encoding.ASCII.GetBytes("SQLite format 3\0".PadRight(8192, '.'));
        Alter((archive, files) =>
        {
            archive.GetEntry("sentinelcam.db")!.Delete();
            Put(archive, "sentinelcam.db", garbage);
            files.Remove(files.Single(file => (string)file!["name"]! == "sentinelcam.db"));
            files.Add(Listed("sentinelcam.db", garbage));
        });

        Assert.StartsWith("Its database is damaged: ", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_unpacks_to_more_than_it_says_is_refused()
    {
        var bytes = new byte[1 << 20];
        Alter((archive, files) =>
        {
            Put(archive, "keys/large.xml", bytes);
            var listed = Listed("keys/large.xml", bytes);
            listed["bytes"] = 1000;
            files.Add(listed);
        });
        // The size in the archive's list of files
        var zip = File.ReadAllBytes(Altered);
        var name = Encoding.ASCII.GetBytes("keys/large.xml");
        var inList = zip.AsSpan().LastIndexOf(name);
        BitConverter.GetBytes(1000).CopyTo(zip, inList - 46 + 24);
        File.WriteAllBytes(Altered, zip);

        Assert.NotEmpty(Refusal());
    }

    [Fact]
    public void File_that_is_no_backup_is_refused()
    {
        var whole = File.ReadAllBytes(written.Path);
        byte[][] damaged =
        [
            [], "no archive"u8.ToArray(), whole.AsSpan(0, whole.Length / 2).ToArray(),
            whole.AsSpan(0, whole.Length - 100).ToArray(),
        ];
        foreach (var content in damaged)
        {
            File.WriteAllBytes(Altered, content);
            Assert.Equal("It is not a backup of SentinelCam, or it is damaged.", Refusal());
        }

        File.Delete(Altered);
        using (var archive = ZipFile.Open(Altered, ZipArchiveMode.Create))
            Put(archive, "sentinelcam.db", "x"u8);
        Assert.Equal("It has no manifest, so it is incomplete, or no backup of SentinelCam.", Refusal());
    }

    [Fact]
    public void Backup_of_a_newer_version_names_the_version_that_it_needs()
    {
        Alter((_, _) => { }, manifest => (manifest["version"], manifest["schema"]) = ("7.5.0", "99990101000000_Future"));

        Assert.Equal($"It was written by SentinelCam 7.5.0. This version, {ProductVersion.Text}, is older. "
            + "Install 7.5.0 or later.", Refusal());
    }

    [Fact]
    public async Task Backup_of_an_older_version_is_brought_up_to_date_by_the_next_start()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail, isCaptured: false);
        await app.StopAsync();
        await using (var db = StoredDatabase.Open(app.DataDirectory))
            await db.GetService<IMigrator>().MigrateAsync("20261124002745_Initial", TestContext.Current.CancellationToken);
        var old = Path.Combine(_directory, "old.zip");

        var backup = await CommandRun.OfAsync(app.DataDirectory, null, [], "backup", old);
        var restore = await CommandRun.OfAsync(Data, null, [], "restore", old);

        Assert.Equal((0, "", 0, ""), (backup.ExitCode, backup.Errors, restore.ExitCode, restore.Errors));
        await using var restored = SentinelCamProcess.Start(Data);
        using var ann = new WebVisitor(await restored.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal(["1"], StoredData.Query(Data, "SELECT COUNT(*) FROM LoginAttempts"));
    }

    [Fact]
    public void Data_that_is_there_is_not_overwritten()
    {
        foreach (var name in new[] { "sentinelcam.db", "jobs.db", "sentinelcam.db-wal", "keys/key.xml", "snapshots/picture.jpg" })
        {
            var path = Path.Combine(_directory, name.Replace('/', '-'), name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "mine");

            using var data = Open(Path.Combine(_directory, name.Replace('/', '-')));
            var error = Assert.Throws<BackupException>(
                () => new BackupRestore(data).Restore(written.Path, TestContext.Current.CancellationToken));

            Assert.StartsWith($"There is data already: {path}.", error.Message, StringComparison.Ordinal);
            Assert.Equal("mine", File.ReadAllText(path));
        }
    }

    [Fact]
    public async Task Running_site_and_a_missing_file_are_one_line()
    {
        using (Open(Data))
        {
            var locked = await CommandRun.OfAsync(Data, null, [], "restore", written.Path);
            Assert.Equal((1, ""), (locked.ExitCode, locked.Output));
            Assert.Contains("a directory that no other SentinelCam is using", locked.Errors, StringComparison.Ordinal);
        }

        var missing = await CommandRun.OfAsync(Data, null, [], "restore", Altered);
        Assert.Equal((1, $"There is no file {Altered}.\n"), (missing.ExitCode, missing.Errors));
    }

    [Fact]
    public async Task Kill_during_a_restore_is_followed_by_a_whole_one()
    {
        using (var process = CommandRun.Start(Data, [], "restore", written.Path))
        {
            await Eventually.TrueAsync(() => Directory.Exists(Path.Combine(Data, ".restore")) || process.HasExited);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        if (new FileInfo(Path.Combine(Data, "sentinelcam.db")).Length == 0)
            Restore();
        AssertRestored();
    }

    [Fact]
    public async Task Restore_that_was_cut_off_between_pictures_and_database_keeps_the_site_from_starting_and_is_repeated()
    {
        Restore();
        // As the moves leave it shortly before their end
        Directory.CreateDirectory(Path.Combine(Data, ".restore"));
        File.Move(Path.Combine(Data, "sentinelcam.db"), Path.Combine(Data, ".restore", "sentinelcam.db"));

        await using (var site = SentinelCamProcess.Start(Data))
        {
            Assert.Equal(1, await site.WaitForExitAsync());
            Assert.Contains("run SentinelCam restore again", site.Errors, StringComparison.Ordinal);
        }

        Restore();
        AssertRestored();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static DataDirectory Open(string directory) => DataDirectory.Open(
        new ConfigurationBuilder().AddInMemoryCollection([new("DataDirectory", directory)]).Build(),
        new Microsoft.Extensions.Hosting.Internal.HostingEnvironment { ContentRootPath = Path.GetTempPath() });

    private static void Put(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        using var stream = archive.CreateEntry(name).Open();
        stream.Write(content);
    }

    private static JsonObject Listed(string name, ReadOnlySpan<byte> content) => new()
    {
        ["name"] = name,
        ["bytes"] = content.Length,
        ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)),
    };

    private void Alter(Action<ZipArchive, JsonArray> change, Action<JsonNode>? changeManifest = null)
    {
        File.Copy(written.Path, Altered, overwrite: true);
        using var archive = ZipFile.Open(Altered, ZipArchiveMode.Update);
        var entry = archive.GetEntry("manifest.json")!;
        JsonNode manifest;
        using (var stream = entry.Open())
            manifest = JsonNode.Parse(stream)!;
        entry.Delete();
        change(archive, manifest["files"]!.AsArray());
        changeManifest?.Invoke(manifest);
        Put(archive, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest));
    }

    private void Restore()
    {
        using var data = Open(Data);
        new BackupRestore(data).Restore(written.Path, TestContext.Current.CancellationToken);
    }

    /// <summary>Why the altered backup is refused. Nothing was written, and the unaltered one can be restored.</summary>
    private string Refusal()
    {
        using var data = Open(Data);
        var error = Assert.Throws<BackupException>(
            () => new BackupRestore(data).Restore(Altered, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(Environment.NewLine, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories),
            path => Path.GetFileName(path) != ".lock" && new FileInfo(path).Length > 0);
        Assert.Empty(Directory.EnumerateFiles(_directory, "*evil*", SearchOption.AllDirectories));
        Assert.False(File.Exists("/tmp/evil.txt"));
        return error.Message;
    }

    private void AssertRestored()
    {
        Assert.Equal(written.Rows, StoredData.Rows(Data));
        Assert.Equal(written.Files, [.. StoredData.Files(Data, "snapshots"), .. StoredData.Files(Data, "keys")]);
    }
}
