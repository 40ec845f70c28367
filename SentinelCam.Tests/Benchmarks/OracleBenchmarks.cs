using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Whether the time of an answer tells which addresses have accounts. The hash is cheap, so that it hides nothing. Run by name,
/// on a machine that does little else.
/// </summary>
/// <remarks>
/// Each round tries one account of each kind, in random order, and its times are compared with each other: what the machine does
/// otherwise lasts longer than a round. Times can have long tails, so only their order counts. <c>ORACLE_TRIALS</c> changes the
/// number of rounds, <c>ORACLE_SEED</c> their order; <c>ORACLE_HASH=210000</c> hashes as in production.
/// </remarks>
public class OracleBenchmarks(ITestOutputHelper output)
{
    private const int WarmUp = 100;
    private static readonly int Trials = Configured("ORACLE_TRIALS", 1000);

    private static readonly string[] Kinds = ["known", "unknown", "locked", "unconfirmed", "unapproved", "suspended"];

    [Fact(Explicit = true)]
    public async Task Forgotten_password_takes_the_same_for_every_address()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [("ForwardedHeaders_Enabled", "true"), .. server.Settings]);
        await AddAccountsAsync(app);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/forgot_password");

        await CompareAsync("The form for a forgotten password", async (kind, i) =>
        {
            // Queued requests are dropped beyond a bound
            if (i % 20 == 0)
                await app.WaitForAsync(db => db.AccountLinks.CountAsync(), links => links >= i * Kinds.Length);
            return await TimeAsync(visitor, form, new { Email = Address(kind, i) }, kind, i, "is on its way");
        });

        // Each account got its mail, and no other
        await app.WaitForAsync(db => db.AccountLinks.CountAsync(), links => links == (WarmUp + Trials) * Kinds.Length);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.ResetPassword), mails => mails == 2 * (WarmUp + Trials));
    }

    [Fact(Explicit = true)]
    public async Task Failed_sign_in_takes_the_same_for_every_account()
    {
        await using var app = await SentinelCamApp.StartAsync(null, services =>
            {
                Household.CheapPasswords(services);
                services.Configure<PasswordHasherOptions>(
                    options => options.IterationCount = Configured("ORACLE_HASH", options.IterationCount));
            }, ("ForwardedHeaders_Enabled", "true"), ("Camera:Warm", "Never"));
        await AddAccountsAsync(app);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/login");

        await CompareAsync("The sign-in", async (kind, i) =>
        {
            if (i % 20 == 0 && kind == Kinds[0])
            {
                DateTimeOffset? locked = DateTimeOffset.UtcNow.AddMinutes(4);
                await app.ReadAsync(db => db.Users.Where(a => EF.Functions.Like(a.Email!, "c%")).ExecuteUpdateAsync(
                    set => set.SetProperty(a => a.LockoutEnd, locked)));
            }

            var fields = new { Email = Address(kind, i), Password = "a wrong password" };
            return await TimeAsync(visitor, form, fields, kind, i, "or the password is wrong");
        });

        var outcomes = await app.ReadAsync(db => db.LoginAttempts.GroupBy(a => a.Outcome)
            .Select(g => new { g.Key, Count = g.Sum(a => a.Count) }).ToDictionaryAsync(g => g.Key, g => g.Count));
        Assert.Equal(WarmUp + Trials, outcomes[LoginOutcome.LockedOut]);
        Assert.Equal((WarmUp + Trials) * Kinds.Length, outcomes.Values.Sum());
    }

    private static async Task<double> TimeAsync(
        WebVisitor visitor, WebAnswer form, object fields, string kind, int i, string answer)
    {
        var network = string.Create(
            CultureInfo.InvariantCulture, $"198.{100 + Array.IndexOf(Kinds, kind)}.{100 + (i / 100)}.{100 + (i % 100)}");
        var watch = Stopwatch.GetTimestamp();
        var answered = await visitor.SubmitAsync(form, fields, null, ("X-Forwarded-For", network));
        var time = Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
        Assert.Contains(answer, answered.Text, StringComparison.Ordinal);
        return time;
    }

    private async Task CompareAsync(string what, Func<string, int, Task<double>> timeAsync)
    {
        var times = Kinds.ToDictionary(kind => kind, _ => new List<double>());
        var random = new Random(Configured("ORACLE_SEED", 1));
        for (var i = 0; i < WarmUp + Trials; i++)
        {
            var kinds = Kinds.ToArray();
            random.Shuffle(kinds);
            foreach (var kind in kinds)
            {
                var time = await timeAsync(kind, i);
                if (i >= WarmUp)
                    times[kind].Add(time);
            }
        }

        var load = File.Exists("/proc/loadavg") ? (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0] : "unknown";
        output.WriteLine($"{what}, {Trials} trials each, load {load}");
        var known = times["known"];
        foreach (var (kind, others) in times)
        {
            var differences = others.Zip(known, (other, mine) => other - mine).ToList();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {kind} | {Median(others):F3} | {Median(differences) * 1000:F0} | {SignedRank(differences):F2} |"));
        }

        foreach (var (kind, others) in times)
        {
            // Two-sided, 1 in 1,000
            Assert.True(Math.Abs(SignedRank([.. others.Zip(known, (other, mine) => other - mine)])) < 3.29, kind);
        }
    }

    private static int Configured(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;

    /// <summary>All are equally long, and so are the networks.</summary>
    private static string Address(string kind, int i) =>
        string.Create(CultureInfo.InvariantCulture, $"{(char)('a' + Array.IndexOf(Kinds, kind))}{i:D6}@example.org");

    private static Task AddAccountsAsync(SentinelCamApp app) => app.ReadAsync(async db =>
    {
        var now = TimeProvider.System.GetUtcNow();
        var hash = app.Services.GetRequiredService<DecoyHash>().Hash;
        foreach (var kind in Kinds.Where(kind => kind != "unknown"))
        {
            for (var i = 0; i < WarmUp + Trials; i++)
            {
                var email = Address(kind, i);
                db.Add(new Account
                {
                    UserName = email,
                    NormalizedUserName = email.ToUpperInvariant(),
                    Email = email,
                    NormalizedEmail = email.ToUpperInvariant(),
                    PasswordHash = hash,
                    SecurityStamp = email,
                    RegisteredAt = now,
                    EmailConfirmed = kind != "unconfirmed",
                    ApprovedAt = kind is "known" or "locked" ? now : null,
                    RegisteredFrom = kind is "unconfirmed" or "unapproved" ? "192.0.2.1" : null,
                    LockoutEnabled = true,
                });
            }
        }

        return await db.SaveChangesAsync();
    });

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>
    /// Wilcoxon's signed-rank statistic of paired differences: within ±1.96 in 95 of 100 cases if both are alike.
    /// </summary>
    private static double SignedRank(List<double> differences)
    {
        var ranked = differences.Where(difference => difference != 0).OrderBy(Math.Abs).ToList();
        double n = ranked.Count;
        var sum = ranked.Select((difference, i) => Math.Sign(difference) * (i + 1.0)).Sum();
        return n == 0 ? 0 : sum / Math.Sqrt(n * (n + 1) * ((2 * n) + 1) / 6);
    }
}
