using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>What strangers can add to the database.</summary>
public class DatabaseGrowthTests(ITestOutputHelper output)
{
    /// <summary>What an attempt without a picture can add at most, with all indexes.</summary>
    private const int MaxBytes = 1_500;

    private const int Attempts = 1_500;

    public static TheoryData<string, string, int, string> Worst => new()
    {
        { "Cyrillic", Letters(0x430, 32), 120, "203.0.113.9" },
        { "emoji", Letters(0x1F600, 60), 60, "203.0.113.9" },
        { "ASCII, IPv6", "abcdefghijklmnopqrstuvwxyz0123456789-", 90, "" },
        { "CJK, IPv6", Letters(0x4E00, 20_000), 80, "" },
    };

    [Theory]
    [MemberData(nameof(Worst))]
    public async Task Worst_attempt_adds_at_most_1500_bytes(string what, string letters, int accountLength, string address)
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        var random = new Random(7);
        var ann = await app.AddAccountAsync("Ann", SentinelCamApp.AnnsEmail);
        // The alert has its pictures, which have their own bound
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();
        await app.ReadAsync(db => db.Alerts.ExecuteUpdateAsync(
            set => set.SetProperty(a => a.Captures, AlertOptions.MaxCaptures)));

        var before = await SizeAsync(app);
        for (var i = 0; i < Attempts; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(250));
            var account = $"{Text(accountLength)[..^(accountLength / 3)]}@example.org";
            await AddAsync(app, ann, account, address.Length > 0 ? address : AnyIPv6(), Text(512));
        }

        var each = (await SizeAsync(app) - before) / (double)Attempts;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {each:0} bytes for each attempt"));
        Assert.InRange(each, 100, MaxBytes);

        string Text(int length)
        {
            var runes = letters.EnumerateRunes().ToArray();
            return string.Concat(Enumerable.Range(0, length).Select(_ => runes[random.Next(runes.Length)].ToString()));
        }

        string AnyIPv6() => string.Join(':', Enumerable.Range(0, 8).Select(_ => $"{random.Next(0x1000, 0xFFFF):x}"));
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Attempts_of_no_account_beyond_a_thousand_within_an_hour_share_rows_that_count_them()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        const int Networks = 5, Begun = FloodBounds.MaxOwnerlessPerHour - 2 * Networks, All = Begun + 160;
        for (var i = 0; i < Networks; i++)
            await FailAsync(i);
        await AddBegunAsync(app, Begun - Networks);
        for (var i = Begun; i < All; i++)
            await FailAsync(i);

        var rows = await app.ReadAsync(db => db.LoginAttempts.AsNoTracking().ToListAsync());
        // At most one a second of each network is photographed, and has its own row for that
        Assert.InRange(rows.Count, FloodBounds.MaxOwnerlessPerHour, FloodBounds.MaxOwnerlessPerHour + Networks * 17);
        await AssertCountedAsync(app, All);
        Assert.All(rows.Where(row => row.Count > 1), row => Assert.Equal(LoginAttempt.SeveralAccounts, row.AccountTyped));
        Assert.Contains("unknown account, ", (await ann.GetAsync("/userdata?Q=203.0.113")).Main, StringComparison.Ordinal);

        clock.AdvanceMinutes(8);
        await app.WaitForClosedAlertsAsync();
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), open => open == 0);
        var summaries = app.Mails().Select(mail => mail.PlainOnOneLine())
            .Where(text => text.Contains("This alert has ended", StringComparison.Ordinal)).ToList();
        Assert.Equal(Networks, summaries.Count);
        Assert.All(summaries, text => Assert.Contains($"Attempts: {All / Networks}", text, StringComparison.Ordinal));

        async Task FailAsync(int i)
        {
            await app.FailToSignInAsync($"nobody{i}@example.org", $"203.0.113.{i % Networks}", isCaptured: false);
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }
    }

    [Trait("Database", "Both")]
    [Fact]
    public async Task Unchecked_guesses_at_an_account_beyond_a_thousand_share_rows_that_count_them()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(
            clock, Household.CheapPasswords, ("Alerts:QuietPeriod", "00:00:00"));
        var ann = await app.AddAccountAsync("Ann", SentinelCamApp.AnnsEmail);
        const int Begun = FloodBounds.MaxUncheckedPerAlert - 10, All = Begun + 160, Addresses = 30;
        await FailAsync(0);
        await AddBegunAsync(app, Begun - 1);
        for (var i = Begun; i < All; i++)
            await FailAsync(i);

        var counts = await app.ReadAsync(db => db.LoginAttempts.Where(a => a.LastAt != null).ToListAsync());
        Assert.Equal(FloodBounds.MaxAddresses + 1, counts.Count);
        Assert.Single(counts, row => row.RemoteAddress == LoginAttempt.SeveralAddresses);
        Assert.All(counts, row => Assert.Equal(SentinelCamApp.AnnsEmail, row.AccountTyped));
        await AssertCountedAsync(app, All);
        // Not one alert for each, although the quiet period is zero
        Assert.Equal(1, await app.ReadAsync(db => db.Alerts.CountAsync()));

        async Task FailAsync(int i)
        {
            await AddAsync(
                app, ann, SentinelCamApp.AnnsEmail, $"198.51.100.{i % Addresses}", "Tests/1.0", LoginOutcome.NotChecked);
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>Adds more attempts like those of the open alerts, as many to each, in one transaction.</summary>
    private static Task<int> AddBegunAsync(SentinelCamApp app, int count) => app.ReadAsync(async db =>
    {
        var firsts = await db.ImageLog.Include(e => e.LoginAttempt).OrderBy(e => e.Id).ToListAsync();
        var alerts = await db.Alerts.ToDictionaryAsync(a => a.Id);
        for (var i = 0; i < count; i++)
        {
            var first = firsts[i % firsts.Count];
            var alert = alerts[first.AlertId!.Value];
            alert.Attempts++;
            alert.NeedsSummary = true;
            db.Add(new ImageLogEntry
            {
                OwnerId = first.OwnerId,
                Trigger = first.Trigger,
                At = first.At,
                Outcome = first.Outcome,
                Origin = first.LoginAttempt!.Origin,
                AlertId = alert.Id,
                CaptureState = CaptureState.Failed,
                CaptureProblem = AlertGrouping.NotPhotographed,
                LoginAttempt = new LoginAttempt
                {
                    At = first.At,
                    Origin = first.LoginAttempt!.Origin,
                    AccountTyped = first.LoginAttempt.AccountTyped,
                    OwnerId = first.OwnerId,
                    RemoteAddress = first.LoginAttempt.RemoteAddress,
                    UserAgent = first.LoginAttempt.UserAgent,
                    Outcome = first.LoginAttempt.Outcome,
                    AlertId = alert.Id,
                    NumberInAlert = alert.Attempts,
                    ToldBy = ToldBy.Summary,
                },
            });
        }

        return await db.SaveChangesAsync();
    });

    private static async Task AssertCountedAsync(SentinelCamApp app, int all)
    {
        Assert.Equal(all, await app.ReadAsync(db => db.LoginAttempts.SumAsync(a => a.Count)));
        Assert.Equal(all, await app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        Assert.Equal(all, await app.ReadAsync(db => db.Database
            .SqlQueryRaw<int>("""SELECT CAST(SUM("Attempts") AS integer) AS "Value" FROM "AttemptDays" """).SingleAsync()));
    }

    /// <summary>Records as the form does, with a visitor's text cut as it is for the form.</summary>
    private static async Task AddAsync(
        SentinelCamApp app, long owner, string account, string address, string userAgent,
        LoginOutcome outcome = LoginOutcome.WrongPassword)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var now = scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var attempt = new LoginAttempt
        {
            At = now,
            AccountTyped = TypedAccount.ForRecord(account),
            OwnerId = owner,
            RemoteAddress = address,
            UserAgent = VisitorText.CleanToBytes(userAgent, Visitor.MaxUserAgentBytes),
            Outcome = outcome,
        };
        await scope.ServiceProvider.GetRequiredService<LoginAttemptRecorder>().AddFailureAsync(attempt, now);
        await transaction.CommitAsync();
    }

    private static string Letters(int first, int count) =>
        string.Concat(Enumerable.Range(first, count).Select(char.ConvertFromUtf32));

    private static async Task<long> SizeAsync(SentinelCamApp app)
    {
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)"));
        return new FileInfo(Path.Combine(app.DataDirectory, "sentinelcam.db")).Length;
    }
}
