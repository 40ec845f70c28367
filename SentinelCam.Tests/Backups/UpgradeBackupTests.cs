using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Backups;

/// <summary>What happens to the database when another version starts.</summary>
public sealed class UpgradeBackupTests
{
    private const string FirstVersion = "20261124002745_Initial";

    private const string ManyAttempts = """
        INSERT INTO Alerts (Id, OwnerId, RemoteNetwork, OpenedAt, ClosesAt, ClosedAt, Attempts, MailedFrom, Captures)
            VALUES (1, 1, '203.0.113.1', 1763000000000, 1763000001000, 1763000002000, 20000, 1, 1);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO LoginAttempts (Id, At, AccountTyped, OwnerId, RemoteAddress, UserAgent, Outcome, AlertId, NumberInAlert)
                SELECT i, 1763000000000 + i, 'ann' || i, 1, '203.0.113.' || i % 250, 'Tests/1.0', 'WrongPassword', 1, i FROM n;
        INSERT INTO ImageLog (Id, OwnerId, Trigger, At, LoginAttemptId, Outcome, OpensAlert, CaptureState, CaptureTries,
            CaptureDueAt)
            SELECT Id, OwnerId, 'FailedLogin', At, Id, Outcome, 0, 'Failed', 1, 1 FROM LoginAttempts;
        """;

    private const string AddFutureMigration = """
        INSERT INTO __EFMigrationsHistory VALUES ('99990101000000_Future', '99.0')
        """;

    [Fact]
    public async Task Database_is_copied_before_a_migration_and_the_copy_can_take_its_place()
    {
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await app.StopAsync();
        await GoBackAsync(app.DataDirectory, FirstVersion);
        var before = StoredData.Rows(app.DataDirectory);

        await using var upgraded = await app.StartAgainAsync();
        await upgraded.StopAsync();

        var copy = Assert.Single(Copies(app.DataDirectory));
        Assert.Equal("sentinelcam-before-20261124002745.db", Path.GetFileName(copy));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        foreach (var file in Directory.EnumerateFiles(app.DataDirectory, "sentinelcam.db*").ToList())
            File.Delete(file);
        File.Copy(copy, Path.Combine(app.DataDirectory, "sentinelcam.db"));
        Assert.Equal(before, StoredData.Rows(app.DataDirectory));
        await using var again = await upgraded.StartAgainAsync();
        using var ann = again.Visit();
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
    }

    [Fact]
    public async Task Start_without_a_migration_copies_nothing()
    {
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();

        await using var again = await app.StartAgainAsync();

        Assert.Empty(Copies(again.DataDirectory));
    }

    [Fact]
    public async Task Three_copies_are_kept()
    {
        await using var app = await SentinelCamApp.StartAsync();
        await app.StopAsync();
        string[] all;
        await using (var db = StoredDatabase.Open(app.DataDirectory))
            all = [.. db.Database.GetMigrations().SkipLast(1).TakeLast(4)];
        var running = app;
        foreach (var migration in all)
        {
            await running.StopAsync();
            await GoBackAsync(app.DataDirectory, migration);
            running = await running.StartAgainAsync();
        }

        await running.StopAsync();
        Assert.Equal(all.TakeLast(3).Select(migration => $"sentinelcam-before-{migration.Split('_')[0]}.db"),
            Copies(app.DataDirectory).Select(path => Path.GetFileName(path)!));
    }

    [Fact]
    public async Task Kill_during_a_migration_loses_nothing()
    {
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await app.StopAsync();
        await GoBackAsync(app.DataDirectory, FirstVersion);
        await using (var db = StoredDatabase.Open(app.DataDirectory))
            await db.Database.ExecuteSqlRawAsync(ManyAttempts, TestContext.Current.CancellationToken);
        var other = Path.Combine(Directory.CreateTempSubdirectory("sentinelcam-test-").FullName, "data");
        Directory.CreateDirectory(other);
        File.Copy(Path.Combine(app.DataDirectory, "sentinelcam.db"), Path.Combine(other, "sentinelcam.db"));
        await using (var undisturbed = SentinelCamProcess.Start(other))
            await undisturbed.Address;
        var kills = 0;

        for (var pause = TimeSpan.FromMilliseconds(500); ; pause *= 1.5)
        {
            await using var process = SentinelCamProcess.Start(app.DataDirectory);
            await Eventually.TrueAsync(() => Copies(app.DataDirectory).Count > 0);
            var started = process.Address;
            if (started == await Task.WhenAny(started, Task.Delay(pause, TestContext.Current.CancellationToken)))
                break;
            await process.KillAsync();
            kills++;
        }

        Assert.NotEqual(0, kills);
        Assert.Equal(StoredData.Rows(other), StoredData.Rows(app.DataDirectory));
        Assert.Contains(Copies(app.DataDirectory), path => path.Contains("20261124002745", StringComparison.Ordinal));
        Directory.Delete(Path.GetDirectoryName(other)!, recursive: true);
    }

    [Theory]
    [InlineData(
        "INSERT INTO SchemaVersions VALUES ('99990101000000_Future', '7.1.0')", "It needs SentinelCam 7.1.0 or later. This is")]
    [InlineData("DELETE FROM SchemaVersions", "It belongs to a newer SentinelCam than this one,")]
    public async Task Newer_database_is_refused_as_it_is(string change, string problem)
    {
        await using var app = await SentinelCamApp.StartAsync();
        await app.StopAsync();
        await using (var db = StoredDatabase.Open(app.DataDirectory))
        {
            await db.Database.ExecuteSqlRawAsync(AddFutureMigration, TestContext.Current.CancellationToken);
            await db.Database.ExecuteSqlRawAsync(change, TestContext.Current.CancellationToken);
        }

        var rows = StoredData.Rows(app.DataDirectory);

        await using var process = SentinelCamProcess.Start(app.DataDirectory);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains($"{problem} {ProductVersion.Text}.", process.Errors, StringComparison.Ordinal);
        Assert.Equal(rows, StoredData.Rows(app.DataDirectory));
        Assert.Empty(Copies(app.DataDirectory));
    }

    private static IReadOnlyList<string> Copies(string dataDirectory) =>
        [.. Directory.EnumerateFiles(dataDirectory, "sentinelcam-before-*").Order(StringComparer.Ordinal)];

    private static async Task GoBackAsync(string dataDirectory, string migration)
    {
        await using var db = StoredDatabase.Open(dataDirectory);
        await db.GetService<IMigrator>().MigrateAsync(migration, TestContext.Current.CancellationToken);
    }
}
