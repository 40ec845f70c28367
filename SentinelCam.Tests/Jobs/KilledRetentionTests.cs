using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The real process is killed while retention deletes records.</summary>
public sealed class KilledRetentionTests : IDisposable
{
    private const int Alerts = 20, EntriesOfEach = 200, Kills = 3;
    private const int Seed = 20261126;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Data => Path.Combine(_directory, "data");

    [Fact]
    public async Task Kill_during_retention_loses_no_young_record_and_leaves_no_half_removed_one()
    {
        await using (var first = SentinelCamProcess.Start(Data))
        {
            using var ann = new WebVisitor(await first.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        }

        var now = DateTimeOffset.UtcNow;
        var old = now.AddDays(-2);
        await using (var db = StoredDatabase.Open(Data))
        {
            await db.AddBurstsAsync(null, now.AddDays(-20), Alerts, EntriesOfEach);
            await db.AddBurstsAsync(1, now.AddHours(-12), 5, 20);
        }

        var young = await YoungAsync();
        Assert.Equal(100, young.Count);
        var random = new Random(Seed);
        var (left, partly) = (Alerts * EntriesOfEach, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var app = SentinelCamProcess.Start(Data, ("Retention:Records", "2.00:00:00"));
            await StartRetentionAsync(app);
            var before = left;
            await Eventually.GetAsync(CountOldAsync, count => count < before || count == 0, () => app.Said);
            // Waits for nothing: the kill comes at a random moment
            await Task.Delay(random.Next(150), TestContext.Current.CancellationToken);
            await app.KillAsync();

            left = await CountOldAsync();
            partly += left > 0 ? 1 : 0;
            await using var db = StoredDatabase.Open(Data);
            Assert.Empty(await db.FindFaultsAsync());
            Assert.Equal(young, await YoungAsync());
            // An entry goes together with its attempt
            var cancelled = TestContext.Current.CancellationToken;
            Assert.Equal(await db.ImageLog.CountAsync(cancelled), await db.LoginAttempts.CountAsync(cancelled));
        }

        Assert.InRange(partly, 1, Kills);
        await using var last = SentinelCamProcess.Start(Data, ("Retention:Records", "2.00:00:00"));
        await StartRetentionAsync(last);
        await Eventually.GetAsync(async () =>
        {
            await using var db = StoredDatabase.Open(Data);
            return await db.Alerts.CountAsync(a => a.OpenedAt < old) + await db.Deliveries.CountAsync(d => d.QueuedAt < old)
                + await CountOldAsync();
        }, count => count == 0, () => last.Said);
        await last.KillAsync();
        Assert.Equal(young, await YoungAsync());

        async Task<int> CountOldAsync()
        {
            await using var db = StoredDatabase.Open(Data);
            return await db.ImageLog.CountAsync(e => e.At < old);
        }

        async Task<List<string>> YoungAsync()
        {
            await using var db = StoredDatabase.Open(Data);
            return await db.ImageLog.Where(e => e.At >= old && e.Snapshot == null).OrderBy(e => e.Id)
                .Select(e => $"{e.Id} {e.LoginAttempt!.Id} {e.LoginAttempt.UserAgent} {e.AlertId}").ToListAsync();
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>As the administrator does on the page of the jobs.</summary>
    private static async Task StartRetentionAsync(SentinelCamProcess app)
    {
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await ann.PostAsync("/hangfire/recurring/trigger",
            [new("jobs[]", "retention"), new("__RequestVerificationToken", (await ann.GetAsync("/settings")).Token)]);
    }
}
