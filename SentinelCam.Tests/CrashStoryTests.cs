using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>The real process is killed at random moments, forty times, while somebody guesses passwords.</summary>
public sealed class CrashStoryTests : IDisposable
{
    private const int Kills = 40;
    private const int Seed = 20261123;
    private const string Anns = SentinelCamApp.AnnsEmail;

    /// <summary>Each process has a data directory of its own, so that one starts up while another is guessed at.</summary>
    private const int Lanes = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    [Fact]
    public async Task Forty_kills_lose_no_attempt_and_no_mail_and_repeat_at_most_one_mail_each()
    {
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => KillOverAndOverAsync(lane, Kills / Lanes)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task KillOverAndOverAsync(int lane, int kills)
    {
        var random = new Random(Seed + lane);
        var data = Path.Combine(_directory, $"data-{lane}");
        await using var server = ScriptedSmtpServer.Start();
        // Short, so that bursts end and are summed up while the story goes on
        (string, string)[] settings =
        [
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"), ("Smtp:From", "cam@example.org"), ("Alerts:QuietPeriod", "00:00:00.4"),
        ];
        var (sent, answered) = (1, 0);
        for (var kill = 0; kill < kills; kill++)
        {
            await using var app = SentinelCamProcess.Start(data, settings);
            using var visitor = new WebVisitor(await app.Address, "Guesser/1.0");
            if (kill == 0)
                Assert.Equal("/dashboard", (await visitor.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
            else
                sent += await GuessUntilKilledAsync(app, visitor, random, () => answered++);
            await app.KillAsync();
        }

        await using var last = SentinelCamProcess.Start(data, settings);
        using var end = new WebVisitor(await last.Address, "Guesser/1.0");
        await UntilAllIsDoneAsync(data, last);
        await last.KillAsync();
        await CheckAsync(data, server, sent, answered, kills);
    }

    /// <returns>How many guesses were sent. The last one may have been recorded, answered, or neither.</returns>
    private static async Task<int> GuessUntilKilledAsync(SentinelCamProcess app, WebVisitor visitor, Random random, Action answered)
    {
        var sent = 0;
        try
        {
            var page = await visitor.GetAsync("/login");
            var killing = Task.Delay(random.Next(0, 900), TestContext.Current.CancellationToken).ContinueWith(_ => app.KillAsync(), TaskScheduler.Default).Unwrap();
            while (!killing.IsCompleted)
            {
                sent++;
                // Known and unknown accounts in turn: alerts of an owner, and of nobody
                await visitor.SubmitAsync(page, new { Email = random.Next(3) == 0 ? "nobody@example.org" : Anns, Password = "a wrong password" });
                answered();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            // The answer was cut off
        }

        return sent;
    }

    private static async Task UntilAllIsDoneAsync(string data, SentinelCamProcess app)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            await using (var db = Open(data))
            {
                var left = await db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting) + await db.Alerts.CountAsync(a => a.ClosedAt == null)
                    + await db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted);
                if (left == 0)
                    return;
                // A job may be waiting for Hangfire's next try, and the sweep for its two minutes
                Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"{left} things are not done after five minutes:\n{app.Said}");
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static async Task CheckAsync(string data, ScriptedSmtpServer server, int sent, int answered, int kills)
    {
        await using var db = Open(data);
        var attempts = await db.LoginAttempts.CountAsync();
        Assert.True(answered > kills, $"Only {answered} guesses were answered.");
        Assert.InRange(attempts, answered, sent);

        // Every attempt is in exactly one alert's count
        var alerts = await db.Alerts.AsNoTracking().ToListAsync();
        Assert.Equal(attempts, alerts.Sum(alert => alert.Attempts));
        foreach (var alert in alerts)
            Assert.Equal(Enumerable.Range(1, alert.Attempts), await db.LoginAttempts.Where(a => a.AlertId == alert.Id).OrderBy(a => a.NumberInAlert).Select(a => a.NumberInAlert).ToListAsync());

        // Every alert is mailed, and summed up once if more came
        var deliveries = await db.Deliveries.AsNoTracking().ToListAsync();
        Assert.All(alerts, alert =>
        {
            var mails = deliveries.FindAll(d => d.AlertId == alert.Id);
            Assert.Single(mails, d => d.Kind == MailKind.Attempt);
            Assert.Equal(alert.Attempts > 1 ? 1 : 0, mails.Count(d => d.Kind == MailKind.Summary));
        });

        // The server has each of them, a repeated one under the same Message-ID, and no more repeats than kills
        var arrived = server.Messages.Select(bytes => MimeMessage.Load(new MemoryStream(bytes), TestContext.Current.CancellationToken).MessageId).ToList();
        Assert.Equal(deliveries.Select(d => d.MessageId).Order(StringComparer.Ordinal), arrived.Distinct().Order(StringComparer.Ordinal));
        Assert.InRange(arrived.Count - deliveries.Count, 0, kills);
    }

    private static SentinelCamDbContext Open(string data) => new(new DbContextOptionsBuilder<SentinelCamDbContext>()
        .UseSqlite(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "sentinelcam.db"), Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString()).Options);
}
