using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Backups;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Tests.Support;

/// <summary>
/// The app on a clock that moves a day at a time. Each day has one burst of failed sign-ins, some of them photographed, and
/// their mails; then the hourly retention runs, and once a week a backup is written.
/// </summary>
public sealed class YearsOfUse(FakeTimeProvider clock, SentinelCamApp app, long owner)
{
    private const int Pictures = 3;

    /// <summary>How long each retention took, in milliseconds.</summary>
    public List<double> Retention { get; } = [];

    /// <summary>How long each backup took, in milliseconds.</summary>
    public List<double> Backup { get; } = [];

    /// <summary>Lives for some days.</summary>
    public async Task LiveAsync(int days, int attemptsOfEach)
    {
        for (var day = 0; day < days; day++)
        {
            clock.Sleep(TimeSpan.FromDays(1));
            await FailAsync(day, attemptsOfEach);
            // By this clock, a file of today is old: the retention that runs now can take it from a capture, which tries again
            await app.WaitForAsync(
                db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting), waiting => waiting == 0,
                meanwhile: () => clock.Advance(TimeSpan.FromSeconds(1)));
            // The alert closes, and its summary is queued
            clock.AdvanceMinutes(6);
            await app.WaitForClosedAlertsAsync();
            await app.WaitForAsync(
                db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending),
                waiting => waiting == 0);
            Retention.Add(await TimeAsync(scope =>
                ActivatorUtilities.CreateInstance<RetentionJob>(scope).RunAsync(TestContext.Current.CancellationToken)));
            if (day % 7 == 6)
                Backup.Add(await TimeAsync(scope => Task.Run(
                    () => scope.GetRequiredService<ScheduledBackups>().WriteIfDue(TestContext.Current.CancellationToken))));
        }
    }

    /// <summary>The bytes of all files of a folder.</summary>
    public static long BytesOf(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private async Task FailAsync(int day, int count)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var now = clock.GetUtcNow();
        // One commit, because a million flushes to the disk are not what is simulated
        await using var transaction = await db.Database.BeginTransactionAsync();
        for (var i = 0; i < count; i++)
        {
            var isKnown = i % 3 != 0;
            await scope.ServiceProvider.GetRequiredService<LoginAttemptRecorder>().AddFailureAsync(
                new LoginAttempt
                {
                    At = now,
                    AccountTyped = isKnown ? SentinelCamApp.AnnsEmail : $"guess{day}.{i}@example.org",
                    OwnerId = isKnown ? owner : null,
                    RemoteAddress = $"203.0.113.{day % 250}",
                    UserAgent = $"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{100 + day % 40}.0.{i}",
                    Outcome = isKnown ? LoginOutcome.WrongPassword : LoginOutcome.UnknownAccount,
                },
                now, noPicture: i < Pictures ? null : "No picture of this one.");
        }

        await transaction.CommitAsync();
    }

    private async Task<double> TimeAsync(Func<IServiceProvider, Task> work)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var begun = Stopwatch.GetTimestamp();
        await work(scope.ServiceProvider);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }
}
