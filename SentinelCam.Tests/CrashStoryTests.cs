using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>The real process is killed forty times at random moments while visitors guess passwords.</summary>
[Trait("Database", "Both")]
public sealed class CrashStoryTests
{
    private const int Kills = 40;
    private const int Seed = 20261123;
    private const string Anns = SentinelCamApp.AnnsEmail;

    /// <summary>
    /// Each lane has its own process and site, so that one starts while the other is attacked. On PostgreSQL, the second one's
    /// database server is killed as well.
    /// </summary>
    private const int Lanes = 2;

    [Fact]
    public async Task Forty_kills_lose_no_attempt_or_mail_and_each_repeats_at_most_one_mail()
    {
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => KillOverAndOverAsync(lane, Kills / Lanes)));
    }

    private static async Task KillOverAndOverAsync(int lane, int kills)
    {
        var random = new Random(Seed + lane);
        await using var site = await TestSite.CreateAsync(losesPower: lane > 0);
        await using var server = ScriptedSmtpServer.Start();
        // Short, so that bursts end and get their summaries during the test
        (string, string?)[] settings =
        [
            .. server.Settings, ("Alerts:QuietPeriod", "00:00:00.4"),
            // Profiling does not pay off in a process that lives for a second
            ("DOTNET_TieredPGO", "0"),
        ];
        var guesses = new Guesses();
        List<int> arrivedByKill = [];
        for (var kill = 0; kill < kills; kill++)
        {
            await using var app = SentinelCamProcess.Start(site.Data, settings);
            using var visitor = new WebVisitor(await app.Address, "Guesser/1.0");
            if (kill == 0)
                Assert.Equal("/dashboard", (await visitor.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
            await GuessUntilKilledAsync(site, app, random, guesses);
            // What the killed process sent belongs to its time, even if the server reads it later
            await server.WhenServedAsync();
            arrivedByKill.Add(server.Messages.Count);
        }

        await EndSharedAlertAsync(site);
        await using var last = SentinelCamProcess.Start(site.Data, settings);
        using var end = new WebVisitor(await last.Address, "Guesser/1.0");
        await UntilAllIsDoneAsync(site, last);
        await last.KillAsync();
        await CheckAsync(site, server, guesses, arrivedByKill);
    }

    /// <summary>Three visitors guess at once. The process is killed shortly after zero to three answers.</summary>
    private static async Task GuessUntilKilledAsync(
        TestSite site, SentinelCamProcess app, Random random, Guesses guesses)
    {
        var enough = guesses.Answered + random.Next(4);
        var moment = TimeSpan.FromMilliseconds(random.Next(300));
        var killed = false;
        var guessing = Enumerable.Range(0, 3).Select(async _ =>
        {
            using var visitor = new WebVisitor(await app.Address, "Guesser/1.0");
            try
            {
                var page = await visitor.GetAsync("/login");
                while (!Volatile.Read(ref killed))
                {
                    // Known and unknown accounts in turn, for alerts with and without an owner
                    await visitor.SubmitAsync(page,
                        new { Email = guesses.Send() % 3 == 0 ? "nobody@example.org" : Anns, Password = "a wrong password" });
                    guesses.Answer();
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException)
            {
                // The answer was cut off
            }
        }).ToList();
        await Eventually.TrueAsync(() => guesses.Answered >= enough, () => app.Said);
        // Waits for nothing: the kill comes at a random moment
        await Task.Delay(moment, TestContext.Current.CancellationToken);
        await site.CutPowerAsync(app);
        Volatile.Write(ref killed, true);
        await Task.WhenAll(guessing);
    }

    /// <summary>The alert that is shared by many networks stays open for five minutes at least, whatever the settings.</summary>
    private static async Task EndSharedAlertAsync(TestSite site)
    {
        await using var db = site.Open();
        var now = DateTimeOffset.UtcNow;
        await db.Alerts.Where(a => a.ClosedAt == null && a.RemoteNetwork == Alert.ManyNetworks && a.ClosesAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosesAt, now));
    }

    /// <summary>Waits until nothing is left to do.</summary>
    /// <remarks>A job may wait for its next try, and a lost one is started again after two minutes.</remarks>
    private static Task UntilAllIsDoneAsync(TestSite site, SentinelCamProcess app) => Eventually.GetAsync(async () =>
    {
        await using var db = site.Open();
        return await db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting)
            + await db.Alerts.CountAsync(a => a.ClosedAt == null)
            + await db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted);
    }, left => left == 0, () => app.Said, patience: TimeSpan.FromMinutes(5));

    private static async Task CheckAsync(
        TestSite site, ScriptedSmtpServer server, Guesses guesses, List<int> arrivedByKill)
    {
        await using var db = site.Open();
        var attempts = await db.LoginAttempts.CountAsync();
        Assert.True(guesses.Answered >= arrivedByKill.Count / 2, $"Only {guesses.Answered} guesses were answered.");
        Assert.InRange(attempts, guesses.Answered, guesses.Sent);

        // Every attempt is in exactly one alert's count
        var alerts = await db.Alerts.AsNoTracking().ToListAsync();
        Assert.Equal(attempts, alerts.Sum(alert => alert.Attempts));
        foreach (var alert in alerts)
        {
            var numbers = await db.LoginAttempts.Where(a => a.AlertId == alert.Id).Select(a => a.NumberInAlert).Order()
                .ToListAsync();
            Assert.Equal(Enumerable.Range(1, alert.Attempts), numbers);
        }

        // Every alert is mailed, and gets one summary if more attempts followed
        var deliveries = await db.Deliveries.AsNoTracking().ToListAsync();
        Assert.All(alerts, alert =>
        {
            // Beyond ten an hour, alerts without an owner are reported only in their summary
            var mails = deliveries.FindAll(d => d.AlertId == alert.Id);
            var shared = alert.RemoteNetwork == Alert.ManyNetworks;
            Assert.Equal(shared ? 0 : 1, mails.Count(d => d.Kind == MailKind.Attempt));
            Assert.Equal(shared || alert.Attempts > 1 ? 1 : 0, mails.Count(d => d.Kind == MailKind.Summary));
            Assert.All(mails, d => Assert.Contains(d.Kind, new[] { MailKind.Attempt, MailKind.Summary }));
        });

        // The server has every mail, and a repeated one has the same Message-ID
        var arrived = server.Mails.Select(mail => mail.MessageId).ToList();
        Assert.Equal(
            deliveries.Select(d => d.MessageId).Order(StringComparer.Ordinal), arrived.Distinct().Order(StringComparer.Ordinal));

        // Each start repeats at most the mail that was in doubt
        foreach (var (begin, end) in arrivedByKill.Prepend(0).Zip(arrivedByKill.Append(arrived.Count)))
            Assert.InRange(Enumerable.Range(begin, end - begin).Count(i => arrived.IndexOf(arrived[i]) < i), 0, 1);
    }

    /// <summary>Counts guesses. One that was sent but not answered may or may not have been recorded.</summary>
    private sealed class Guesses
    {
        private int _sent;
        private int _answered;

        public int Sent => Volatile.Read(ref _sent);

        public int Answered => Volatile.Read(ref _answered);

        public int Send() => Interlocked.Increment(ref _sent);

        public void Answer() => Interlocked.Increment(ref _answered);
    }
}
