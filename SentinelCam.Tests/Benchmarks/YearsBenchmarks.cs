using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures what years and floods leave behind.</summary>
/// <remarks>
/// Run with <c>-explicit only</c>. <c>YEARS_DAYS</c> and <c>FLOOD_ROWS</c> make them shorter. Prints tables and asserts no times.
/// </remarks>
public class YearsBenchmarks
{
    private const int AttemptsOfEachDay = 183;

    private static readonly int Days = Read("YEARS_DAYS", 3 * 365);
    private static readonly int FloodRows = Read("FLOOD_ROWS", 1_000_000);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Three_years_of_attempts()
    {
        var backups = Directory.CreateTempSubdirectory("sentinelcam-backups-");
        try
        {
            var clock = TestClock.AtNoon();
            await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords,
                ("Backup:Folder", backups.FullName), ("Backup:Keep", "7"));
            using var ann = await app.RegisterAnnAsync();
            var years = new YearsOfUse(clock, app, owner: 1);
            var begun = Stopwatch.GetTimestamp();

            await years.LiveAsync(Days, AttemptsOfEachDay);

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Days} days, {Days * AttemptsOfEachDay:N0} attempts: {Stopwatch.GetElapsedTime(begun).TotalMinutes:0.0} min"));
            Assert.Empty(await app.ReadAsync(db => db.FindFaultsAsync()));
            await PrintAsync(app);
            Console.WriteLine(Size("backups", YearsOfUse.BytesOf(backups.FullName)));
            using (var process = Process.GetCurrentProcess())
                Console.WriteLine(Size("resident memory, tests included", process.WorkingSet64));
            List<double> pages = [];
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            for (var i = 0; i < 50; i++)
                pages.Add(await TimeAsync(() => ann.GetAsync("/userdata")));
            Table.Print("Times (ms)", ("retention", years.Retention), ("backup", years.Backup), ("first page of the log", pages));
        }
        finally
        {
            backups.Delete(recursive: true);
        }
    }

    [Fact(Explicit = true)]
    public async Task A_million_attempts_and_the_retention_after_them()
    {
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Retention:Records", "36500.00:00:00"));
        (await app.RegisterAnnAsync()).Dispose();
        await ManyEntries.AddAsync(app, await app.AddAccountAsync("Bob", Household.Bobs), FloodRows);
        await PrintAsync(app);

        var retention = Task.Run(() => TimeAsync(async () =>
        {
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<RecordRetention>().RunAsync(Cancelled);
            return 0;
        }), Cancelled);
        List<double> recording = [];
        while (!retention.IsCompleted)
        {
            recording.Add(await TimeAsync(() => app.FailToSignInAsync(SentinelCamApp.AnnsEmail, isCaptured: false)));
            await Task.Delay(50, Cancelled);
        }

        var milliseconds = await retention;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Retention: {milliseconds / 1000:0.0} s"));
        Assert.Empty(await app.ReadAsync(db => db.FindFaultsAsync()));
        await PrintAsync(app);
        Table.Print("Recording an attempt while retention deletes (ms)", ("sign-in", recording));
    }

    private static async Task PrintAsync(SentinelCamApp app)
    {
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)"));
        foreach (var file in new[] { "sentinelcam.db", "jobs.db" })
            Console.WriteLine(Size(file, new FileInfo(Path.Combine(app.DataDirectory, file)).Length));
        foreach (var folder in new[] { "snapshots", "outbox", "logs" })
            Console.WriteLine(Size(folder, YearsOfUse.BytesOf(Path.Combine(app.DataDirectory, folder))));
        foreach (var (kind, rows) in new (string, Func<SentinelCamDbContext, Task<int>>)[]
                 {
                     ("entries", db => db.ImageLog.CountAsync()), ("attempts", db => db.LoginAttempts.CountAsync()),
                     ("mails", db => db.Deliveries.CountAsync()), ("alerts", db => db.Alerts.CountAsync()),
                     ("pictures", db => db.Snapshots.CountAsync()), ("free pages", db => db.CountFreePagesAsync()),
                 })
        {
            var count = await app.ReadAsync(rows);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: {count:N0}"));
        }
    }

    private static string Size(string what, long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{what}: {bytes / 1048576.0:0.0} MiB");

    private static async Task<double> TimeAsync<T>(Func<Task<T>> work)
    {
        var begun = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static int Read(string variable, int fallback) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
}
