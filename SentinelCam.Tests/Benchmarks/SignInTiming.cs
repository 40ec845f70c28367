using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Measures whether the time of a refusal reveals anything about the account. The hash is cheap here, so that it hides nothing.
/// </summary>
/// <remarks>Run with <c>-explicit only</c>. Prints a table and asserts no times.</remarks>
public class SignInTiming
{
    private const int Rounds = 500, WarmUp = 50;

    [Fact(Explicit = true)]
    public async Task Refusals_of_known_unknown_locked_and_unapproved_accounts()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Camera:Warm", "Never"));
        (await app.RegisterAnnAsync()).Dispose();
        string[] emails = ["known@example.org", "nobdy@example.org", "lockd@example.org", "nappr@example.org"];
        foreach (var email in emails.Where(email => email != "nobdy@example.org"))
            await app.AddAccountAsync("Name", email, approved: email != "nappr@example.org");
        var times = emails.ToDictionary(email => email, _ => new List<double>());
        for (var round = -WarmUp; round < Rounds; round++)
        {
            // Each stays what it is
            DateTimeOffset? locked = DateTimeOffset.UtcNow.AddMinutes(4);
            await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0)));
            await app.ReadAsync(db => db.Users.Where(a => a.Email == "lockd@example.org")
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.LockoutEnd, locked)));
            foreach (var email in Random.Shared.GetItems(emails, emails.Length * 2).Concat(emails).Distinct())
            {
                await using var scope = app.Services.CreateAsyncScope();
                var check = scope.ServiceProvider.GetRequiredService<CredentialCheck>();
                // Other networks each time, so that attempts are recorded in the same way
                var visitor = new Visitor($"203.0.{round & 0x7f}.9", "Tests/1.0", false);
                var start = Stopwatch.GetTimestamp();
                await check.SignInAsync(email, "a wrong password", visitor, _ => null);
                if (round >= 0)
                    times[email].Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        Table.Print("Refused sign-ins, without HTTP, cheap hash (µs)",
            [.. times.Select(t => (t.Key, (IReadOnlyList<double>)t.Value))]);
        foreach (var email in emails.Skip(1))
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"known against {email}: z = {RankSum(times[emails[0]], times[email]):0.00}"));
    }

    /// <summary>The statistic of Mann and Whitney, normally distributed if both come from the same distribution.</summary>
    private static double RankSum(List<double> a, List<double> b)
    {
        var ranked = a.Select(v => (Value: v, IsA: true))
            .Concat(b.Select(v => (Value: v, IsA: false))).OrderBy(x => x.Value).ToList();
        var sum = ranked.Select((x, i) => x.IsA ? i + 1.0 : 0).Sum();
        var (n, m) = ((double)a.Count, (double)b.Count);
        return (sum - n * (n + m + 1) / 2) / Math.Sqrt(n * m * (n + m + 1) / 12);
    }
}
