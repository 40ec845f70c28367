using System.Diagnostics;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures a backup of many pictures, and how it delays pages.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints a table and asserts no times.</remarks>
public class BackupBenchmarks
{
    private const int Pictures = 10_000;

    [Fact(Explicit = true)]
    public async Task Backup_restore_and_check_of_many_pictures()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await ManyEntries.AddAsync(app, await app.AddAccountAsync("Owner", "owner@example.org"), Pictures, pictures: true);
        using var owner = await app.VisitAsAsync("owner@example.org");
        var backup = Path.Combine(Path.GetDirectoryName(app.DataDirectory)!, "backup.zip");
        var elsewhere = Path.Combine(Path.GetDirectoryName(app.DataDirectory)!, "elsewhere");
        var alone = await PagesAsync(owner, Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));

        var start = Stopwatch.GetTimestamp();
        var run = CommandRun.OfAsync(app.DataDirectory, null, [], "backup", backup);
        var beside = await PagesAsync(owner, run);
        var backedUp = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        var restore = await CommandRun.OfAsync(null, null, [], "restore", backup, $"--DataDirectory={elsewhere}");
        var restored = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        var check = await CommandRun.OfAsync(app.DataDirectory, null, [], "check");
        var checkedIn = Stopwatch.GetElapsedTime(start).TotalMilliseconds;

        Assert.Equal(["", ""], [(await run).Errors, restore.Errors]);
        Console.WriteLine(check.Output);
        Table.Print(
            $"{Pictures:N0} pictures, {new FileInfo(backup).Length >> 20} MiB (ms)",
            ("SentinelCam backup", [backedUp]), ("SentinelCam restore", [restored]), ("SentinelCam check", [checkedIn]),
            ("/userdata, undisturbed", alone), ("/userdata during the backup", beside));
    }

    /// <summary>The times of one page after another until the task ends, in milliseconds.</summary>
    private static async Task<IReadOnlyList<double>> PagesAsync(WebVisitor owner, Task meanwhile)
    {
        var times = new List<double>();
        while (!meanwhile.IsCompleted)
        {
            var start = Stopwatch.GetTimestamp();
            await owner.GetAsync("/userdata");
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }
}
