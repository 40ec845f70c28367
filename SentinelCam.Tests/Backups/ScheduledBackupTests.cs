using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Backups;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Backups;

/// <summary>One backup a day, of which a number is kept.</summary>
public sealed class ScheduledBackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Each_day_has_one_backup_and_the_newest_are_kept()
    {
        await using var app = await StartAsync(_folder);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "sentinelcam-holiday.zip"), "mine", TestContext.Current.CancellationToken);

        for (var hour = 0; hour < 4 * 24; hour++)
        {
            WriteIfDue(app);
            _clock.AdvanceMinutes(60);
        }

        Assert.Equal(
            ["sentinelcam-2030-01-04.zip", "sentinelcam-2030-01-05.zip", "sentinelcam-holiday.zip"],
            Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order());
        var elsewhere = Path.Combine(_folder, "elsewhere");
        var restore = await CommandRun.OfAsync(
            null, null, [], "restore", Path.Combine(_folder, "sentinelcam-2030-01-05.zip"), $"--DataDirectory={elsewhere}");
        Assert.Equal((0, ""), (restore.ExitCode, restore.Errors));
        Assert.Equal(StoredData.Rows(app.DataDirectory), StoredData.Rows(elsewhere));
    }

    [Fact]
    public async Task Backups_from_when_the_clock_was_ahead_do_not_push_out_todays()
    {
        await using var app = await StartAsync(_folder);
        foreach (var date in new[] { "2029-12-30", "2029-12-31", "2041-05-01", "2041-05-02" })
        {
            await File.WriteAllTextAsync(
                Path.Combine(_folder, $"sentinelcam-{date}.zip"), "", TestContext.Current.CancellationToken);
        }

        WriteIfDue(app);

        Assert.Equal(
            ["2029-12-31", "2030-01-01", "2041-05-01", "2041-05-02"],
            Directory.EnumerateFiles(_folder).Select(file => Path.GetFileName(file)[12..^4]).Order());
    }

    [Fact]
    public async Task Missing_disk_is_told_and_its_folder_is_not_created()
    {
        var disk = Path.Combine(_folder, "disk");
        await using var app = await StartAsync(disk);

        WriteIfDue(app);
        var problem = app.Services.GetRequiredService<ScheduledBackups>().Problem;
        WriteIfDue(app);

        Assert.Equal($"There is no folder {disk}.", problem);
        Assert.False(Directory.Exists(disk));
        Assert.Single(app.Log().Split('\n'), line => line.Contains("Today's backup was not written", StringComparison.Ordinal));

        Directory.CreateDirectory(disk);
        WriteIfDue(app);

        Assert.Null(app.Services.GetRequiredService<ScheduledBackups>().Problem);
        Assert.Equal(["sentinelcam-2030-01-01.zip"], Directory.EnumerateFiles(disk).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Remains_of_a_backup_that_was_killed_go_with_a_later_one()
    {
        await using var app = await StartAsync(_folder);
        var left = Path.Combine(_folder, "sentinelcam-2029-12-30.zip.0123.half");
        var current = Path.Combine(_folder, "sentinelcam-2030-01-01.zip.4567.half.db");
        await File.WriteAllTextAsync(left, "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(current, "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(left, _clock.GetUtcNow().UtcDateTime.AddDays(-2));
        File.SetLastWriteTimeUtc(current, _clock.GetUtcNow().UtcDateTime.AddMinutes(-1));

        WriteIfDue(app);

        Assert.False(File.Exists(left));
        Assert.True(File.Exists(current));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Backups_are_scheduled_only_with_a_folder(bool configured)
    {
        await using var app = await StartAsync(configured ? _folder : null);

        using var connection = app.Services.GetRequiredService<JobStorage>().GetConnection();
        await Eventually.TrueAsync(() => connection.GetRecurringJobs().Exists(job => job.Id == "retention"));
        await Eventually.TrueAsync(() => connection.GetRecurringJobs().Exists(job => job.Id == "backup") == configured);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void WriteIfDue(SentinelCamApp app) =>
        app.Services.GetRequiredService<ScheduledBackups>().WriteIfDue(TestContext.Current.CancellationToken);

    private Task<SentinelCamApp> StartAsync(string? folder) =>
        SentinelCamApp.StartAsync(_clock, null, ("Backup:Folder", folder), ("Backup:Keep", "2"));
}
