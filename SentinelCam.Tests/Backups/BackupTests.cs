using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Backups;

/// <summary>Backups that are written while the site runs, and restored elsewhere.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Backup => Path.Combine(_directory, "backup.zip");

    private string Elsewhere => Path.Combine(_directory, "elsewhere");

    [Fact]
    public async Task Every_row_picture_and_key_is_equal_elsewhere_and_the_site_runs_there()
    {
        await using var app = await WithPicturesAsync(3);

        Assert.Equal((0, ""), await BackUpAsync(app));
        Assert.Equal((0, ""), await RestoreAsync());

        Assert.NotEmpty(StoredData.Files(app.DataDirectory, "snapshots"));
        Assert.Equal(StoredData.Rows(app.DataDirectory), StoredData.Rows(Elsewhere));
        foreach (var folder in new[] { "snapshots", "keys" })
            Assert.Equal(StoredData.Files(app.DataDirectory, folder), StoredData.Files(Elsewhere, folder));
        await using var restored = SentinelCamProcess.Start(Elsewhere);
        using var ann = new WebVisitor(await restored.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
    }

    [Fact]
    public async Task Backup_while_attempts_are_recorded_is_consistent()
    {
        await using var app = await WithPicturesAsync(2);
        using var stop = new CancellationTokenSource();
        var before = await app.ReadAsync(db => db.LoginAttempts.CountAsync());
        var load = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                await app.FailToSignInAsync(SentinelCamApp.AnnsEmail, $"203.0.113.{i % 250}");
        }, TestContext.Current.CancellationToken);

        var result = await BackUpAsync(app);
        await stop.CancelAsync();
        await load;

        Assert.Equal((0, ""), result);
        Assert.Equal((0, ""), await RestoreAsync());
        const string Attempts = "SELECT Id, At, AccountTyped, RemoteAddress, Outcome, AlertId FROM LoginAttempts ORDER BY Id";
        var restored = StoredData.Query(Elsewhere, Attempts);
        Assert.InRange(restored.Count, before, await app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.Equal(StoredData.Query(app.DataDirectory, Attempts).Take(restored.Count), restored);
        Assert.Equal(["ok"], StoredData.Query(Elsewhere, "PRAGMA integrity_check"));
        Assert.Empty(StoredData.Query(Elsewhere, "PRAGMA foreign_key_check"));
        Assert.Empty(StoredData.RowsWithoutPicture(Elsewhere));
        // An attempt and its entry are one transaction
        Assert.Equal([$"{restored.Count}"], StoredData.Query(Elsewhere, "SELECT COUNT(LoginAttemptId) FROM ImageLog"));
    }

    [Fact]
    public async Task Picture_that_is_deleted_meanwhile_is_no_error_and_has_no_row()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a pipe holds the backup at a picture");
        await using var app = await WithPicturesAsync(3);
        var names = await NamesAsync(app);

        var (process, release) = await HoldAtAsync(app, names[0]);
        await app.ReadAsync(db => db.Snapshots.Where(s => s.FileName == names[1]).ExecuteDeleteAsync());
        File.Delete(Path.Combine(app.DataDirectory, "snapshots", names[1]));
        await release();
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (process.ExitCode, errors));
        process.Dispose();
        Assert.Equal((0, ""), await RestoreAsync());
        Assert.Equal(names.Count - 1, StoredData.Query(Elsewhere, "SELECT Id FROM Snapshots").Count);
        Assert.Empty(StoredData.RowsWithoutPicture(Elsewhere));
        Assert.Equal(3, StoredData.Query(Elsewhere, "SELECT Id FROM ImageLog").Count);
    }

    [Fact]
    public async Task Kill_during_a_backup_leaves_no_backup_and_loses_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a pipe holds the backup at a picture");
        await using var app = await WithPicturesAsync(2);
        var rows = StoredData.Rows(app.DataDirectory);

        var (process, release) = await HoldAtAsync(app, (await NamesAsync(app))[0]);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await release();
        process.Dispose();

        Assert.False(File.Exists(Backup));
        Assert.Equal(rows, StoredData.Rows(app.DataDirectory));
        Assert.Equal((0, ""), await BackUpAsync(app));
        Assert.Equal((0, ""), await RestoreAsync());
        Assert.Equal(rows, StoredData.Rows(Elsewhere));
    }

    [Fact]
    public async Task Missing_picture_is_told_and_does_not_prevent_the_backup()
    {
        await using var app = await WithPicturesAsync(2);
        File.Delete(Path.Combine(app.DataDirectory, "snapshots", (await NamesAsync(app))[0]));

        var (exitCode, errors) = await BackUpAsync(app);

        Assert.Equal((0, "1 pictures were missing and are not in it. See SentinelCam check.\n"), (exitCode, errors));
    }

    [Fact]
    public async Task File_outside_of_the_pictures_is_not_in_the_backup_and_the_backup_can_be_restored()
    {
        await using var app = await WithPicturesAsync(1);
        var (name, key) = ((await NamesAsync(app))[0], Directory.GetFiles(Path.Combine(app.DataDirectory, "keys"))[0]);
        await app.ReadAsync(db => db.Snapshots.Where(s => s.FileName == name)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.FileName, $"../keys/{Path.GetFileName(key)}")));

        var (exitCode, errors) = await BackUpAsync(app);

        Assert.Equal((0, "1 pictures were missing and are not in it. See SentinelCam check.\n"), (exitCode, errors));
        Assert.Equal((0, ""), await RestoreAsync());
    }

    [Fact]
    public async Task File_is_private_complete_and_without_passwords()
    {
        await using var app = await WithPicturesAsync(1);

        Assert.Equal((0, ""), await BackUpAsync(app,
            ("Camera:Source", "http://ann:camera-secret@127.0.0.1/video?token=query-secret"), ("Smtp:Host", "mail.example.org"),
            ("Smtp:UserName", "ann@example.org"), ("Smtp:Password", "smtp-secret"), ("Other:Password", "other-secret")));

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));
        Assert.Equal([Backup], Directory.EnumerateFileSystemEntries(_directory));
        using var archive = ZipFile.OpenRead(Backup);
        using var settings = new StreamReader(archive.GetEntry("settings.json")!.Open());
        var text = await settings.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"Smtp:Host\": \"mail.example.org\"", text, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1/video", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        using var manifest = JsonDocument.Parse(archive.GetEntry("manifest.json")!.Open());
        var files = manifest.RootElement.GetProperty("files").EnumerateArray().ToDictionary(
            file => file.GetProperty("name").GetString()!, file => file.GetProperty("sha256").GetString());
        Assert.Equal(archive.Entries.Select(entry => entry.FullName).Except(["manifest.json"]).Order(), files.Keys.Order());
        foreach (var entry in archive.Entries.Where(entry => entry.FullName != "manifest.json"))
        {
            using var content = entry.Open();
            Assert.Equal(files[entry.FullName], Convert.ToHexStringLower(SHA256.HashData(content)));
        }
    }

    [Fact]
    public async Task Existing_file_is_not_overwritten()
    {
        await using var app = await WithPicturesAsync(1);
        await File.WriteAllTextAsync(Backup, "something else", TestContext.Current.CancellationToken);

        Assert.Equal((1, $"{Backup} exists already. Choose another name.\n"), await BackUpAsync(app));
        Assert.Equal("something else", await File.ReadAllTextAsync(Backup, TestContext.Current.CancellationToken));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task<SentinelCamApp> WithPicturesAsync(int count)
    {
        var clock = TestClock.AtNoon();
        var app = await AnnsApp.StartAsync(clock);
        for (var i = 0; i < count; i++)
            await app.FailAndCaptureAsync(clock, $"198.51.100.{i}");
        // From now on, nothing changes until a test does something
        await app.WaitForAcceptedAsync(1);
        return app;
    }

    private static Task<List<string>> NamesAsync(SentinelCamApp app) => app.ReadAsync(
        db => db.Snapshots.OrderBy(s => s.Id).Select(s => s.FileName).ToListAsync(TestContext.Current.CancellationToken));

    private async Task<(int ExitCode, string Errors)> BackUpAsync(SentinelCamApp app, params (string, string?)[] settings)
    {
        var run = await CommandRun.OfAsync(app.DataDirectory, null, settings, "backup", Backup);
        return (run.ExitCode, run.Errors);
    }

    private async Task<(int ExitCode, string Errors)> RestoreAsync()
    {
        var run = await CommandRun.OfAsync(null, null, [], "restore", Backup, $"--DataDirectory={Elsewhere}");
        return (run.ExitCode, run.Errors);
    }

    /// <summary>
    /// Starts a backup that waits at a picture, with the database copied already: a pipe is in the picture's place until the
    /// returned action puts it back.
    /// </summary>
    private async Task<(Process Process, Func<Task> Release)> HoldAtAsync(SentinelCamApp app, string name)
    {
        var picture = Path.Combine(app.DataDirectory, "snapshots", name);
        var bytes = await File.ReadAllBytesAsync(picture, TestContext.Current.CancellationToken);
        File.Delete(picture);
        using (var mkfifo = Process.Start("mkfifo", [picture]))
            await mkfifo.WaitForExitAsync();
        var process = CommandRun.Start(app.DataDirectory, [], "backup", Backup);
        // Waits for the reader
        var pipe = await Task.Run(() => new FileStream(picture, FileMode.Open, FileAccess.Write, FileShare.ReadWrite));
        return (process, ReleaseAsync);

        async Task ReleaseAsync()
        {
            File.Delete(picture);
            await File.WriteAllBytesAsync(picture, bytes);
            if (!process.HasExited)
                await pipe.WriteAsync(bytes);
            await pipe.DisposeAsync();
        }
    }
}
