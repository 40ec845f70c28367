using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Whether the time of an answer tells which addresses have accounts. Run by name, on a machine that does nothing else.
/// </summary>
public class OracleBenchmarks(ITestOutputHelper output)
{
    private const int Trials = 1000;

    private static readonly string[] Kinds = ["known", "unconfirmed", "unapproved", "suspended", "unknown"];

    [Fact(Explicit = true)]
    public async Task Forgotten_password_takes_the_same_for_every_address()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [("ForwardedHeaders_Enabled", "true"), .. server.Settings]);
        await AddAccountsAsync(app);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/forgot_password");
        for (var i = 0; i < 200; i++)
            await AskAsync("warm-up", i);
        await WaitAsync(200);

        var times = Kinds.ToDictionary(kind => kind, _ => new List<double>());
        var random = new Random(1);
        for (var i = 0; i < Trials; i++)
        {
            var kinds = Kinds.ToArray();
            random.Shuffle(kinds);
            foreach (var kind in kinds)
                times[kind].Add(await AskAsync(kind, i));
            // So that none is dropped
            if (i % 50 == 0)
                await WaitAsync(200 + ((i + 1) * Kinds.Length));
        }

        await WaitAsync(200 + (Trials * Kinds.Length));

        var known = times["known"];
        foreach (var (kind, others) in times)
        {
            var z = MannWhitney(known, others);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kind,-11} median {Median(others):F3} ms, mean {others.Average():F3} ms, Mann-Whitney z {z:F2} against known"));
            // Two-sided, 1 in 1,000
            Assert.True(Math.Abs(z) < 3.29, kind);
        }

        // Each account got its mail
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.ResetPassword), mails => mails == Trials);

        Task WaitAsync(int requests) => app.WaitForAsync(db => db.AccountLinks.CountAsync(), links => links == requests);

        async Task<double> AskAsync(string kind, int i)
        {
            var watch = Stopwatch.GetTimestamp();
            var answer = await visitor.SubmitAsync(form, new { Email = Address(kind, i) }, null,
                ("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"198.{kind.Length}.{i / 250}.{i % 250}")));
            var time = Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
            Assert.Contains("is on its way", answer.Text, StringComparison.Ordinal);
            return time;
        }
    }

    private static string Address(string kind, int i) => string.Create(CultureInfo.InvariantCulture, $"{kind}{i:D4}@example.org");

    private static Task AddAccountsAsync(SentinelCamApp app) => app.ReadAsync(async db =>
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var kind in Kinds.SkipLast(1))
        {
            for (var i = 0; i < Trials; i++)
            {
                var email = Address(kind, i);
                db.Add(new Account
                {
                    UserName = email,
                    NormalizedUserName = email.ToUpperInvariant(),
                    Email = email,
                    NormalizedEmail = email.ToUpperInvariant(),
                    SecurityStamp = email,
                    RegisteredAt = now,
                    EmailConfirmed = kind != "unconfirmed",
                    ApprovedAt = kind == "known" ? now : null,
                    RegisteredFrom = kind is "unconfirmed" or "unapproved" ? "192.0.2.1" : null,
                });
            }
        }

        return await db.SaveChangesAsync();
    });

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>The normal approximation of the rank-sum statistic: within ±1.96 in 95 of 100 cases if both are alike.</summary>
    private static double MannWhitney(List<double> a, List<double> b)
    {
        var ranked = a.Select(time => (time, IsA: true)).Concat(b.Select(time => (time, IsA: false)))
            .OrderBy(x => x.time).ToList();
        double ranks = 0;
        for (var i = 0; i < ranked.Count; i++)
            ranks += ranked[i].IsA ? i + 1 : 0;
        double n = a.Count, m = b.Count;
        var u = ranks - (n * (n + 1) / 2);
        return (u - (n * m / 2)) / Math.Sqrt(n * m * (n + m + 1) / 12);
    }
}
