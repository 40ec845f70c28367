using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures how long a mail takes and what a flood of guesses costs.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class AlertBenchmarks
{
    private const int Rounds = 100;
    private const int WarmUp = 10;
    private static readonly int Flood = Configured("FLOOD_ATTEMPTS", 10_000);
    private const int Guessers = 8;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task From_the_answer_to_the_mail_servers_250_with_TLS_and_sign_in()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        var keeping = new SmtpScript { Certificate = TestCertificates.Good };
        var closing = new SmtpScript { Certificate = TestCertificates.Good }
            .On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", Close: true));
        Table.Print(
            "Answer to a wrong password to the mail server's 250: 640x480 MJPEG at 30 fps, warm camera, STARTTLS and AUTH (ms)",
            ("connection kept", await MeasureAsync(stream.Url, keeping)),
            ("a new connection for each mail", await MeasureAsync(stream.Url, closing)));
    }

    /// <summary>Passwords are hashed cheaply, so that the cost of everything else shows.</summary>
    /// <remarks><c>FLOOD_ROUNDS=210000</c> hashes as in production, which takes most of an hour on two cores.</remarks>
    [Fact(Explicit = true)]
    public async Task Ten_thousand_attempts_at_full_speed()
    {
        var hashRounds = Configured("FLOOD_ROUNDS", 1_000);
        var lines = new List<string>
        {
            "",
            string.Create(
                CultureInfo.InvariantCulture, $"{Flood} attempts by {Guessers} visitors, PBKDF2 with {hashRounds} rounds"),
            "",
            "| run | attempts recorded | lost | pictures | mails | requests/s |",
            "|---|---|---|---|---|---|",
        };
        // The runs alternate, so that other load on the machine affects both
        var ratios = new List<double>();
        for (var round = 0; round < 2; round++)
        {
            var off = await FloodAsync(alerts: false, hashRounds, lines);
            var on = await FloodAsync(alerts: true, hashRounds, lines);
            ratios.Add(on / off);
        }

        var each = ratios.Select(ratio => ratio.ToString("0.00", CultureInfo.InvariantCulture));
        lines.Add($"\nRequests/s with alerts, divided by those without: {string.Join(", ", each)}");
        Console.WriteLine(string.Join(Environment.NewLine, lines));
    }

    private static int Configured(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;

    private static async Task<List<double>> MeasureAsync(Uri camera, SmtpScript script)
    {
        await using var server = ScriptedSmtpServer.Start(script);
        var trusted = new X509Certificate2Collection(TestCertificates.Authority);
        await using var app = await SentinelCamApp.StartAsync(
            null,
            services =>
            {
                Household.AllowManyGuesses(services);
                services.Replace(ServiceDescriptor.Singleton<IMailTransport>(provider =>
                    new SmtpTransport(provider.GetRequiredService<SmtpOptions>(), null, trusted)));
            },
            ("Camera:Source", camera.ToString()), ("Alerts:QuietPeriod", "00:00:00"),
            ("Smtp:Host", "localhost"), ("Smtp:Port", $"{server.Port}"),
            ("Smtp:UserName", "cam@example.org"), ("Smtp:Password", "open sesame"));
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        using var visitor = app.Visit();
        var page = await visitor.GetAsync("/login");
        List<double> times = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            var before = server.Accepted.Count;
            await visitor.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" });
            var answered = Stopwatch.GetTimestamp();
            while (server.Accepted.Count == before)
                await Task.Delay(1, Cancelled);
            // The mail can arrive before the answer
            if (round >= 0)
                times.Add(Math.Max(0, Stopwatch.GetElapsedTime(answered, server.Accepted[before]).TotalMilliseconds));
        }

        return times;
    }

    /// <returns>Requests per second.</returns>
    private static async Task<double> FloodAsync(bool alerts, int hashRounds, List<string> lines)
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(null, services =>
            {
                Household.AllowManyGuesses(services);
                services.Configure<PasswordHasherOptions>(options => options.IterationCount = hashRounds);
                if (alerts)
                    return;
                // Attempts are recorded, but cause neither pictures nor mails
                services.ConfigureDbContext<SentinelCamDbContext>(options => options.AddInterceptors(new NoEntries()));
                services.Replace(ServiceDescriptor.Singleton<IBackgroundJobClient>(new NoJobs()));
            },
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"),
            ("Smtp:From", "cam@example.org"), ("Alerts:QuietPeriod", "00:00:20"));
        (await app.RegisterAnnAsync()).Dispose();
        await Task.WhenAll(Enumerable.Range(0, Guessers).Select(_ => GuessAsync(app, 25)));
        var recordedBefore = await app.ReadAsync(db => db.LoginAttempts.CountAsync(Cancelled));

        var start = Stopwatch.GetTimestamp();
        var answered = (await Task.WhenAll(Enumerable.Range(0, Guessers).Select(_ => GuessAsync(app, Flood / Guessers)))).Sum();
        var perSecond = answered / Stopwatch.GetElapsedTime(start).TotalSeconds;

        var recorded = await app.ReadAsync(db => db.LoginAttempts.CountAsync(Cancelled)) - recordedBefore;
        if (alerts)
        {
            var patience = Stopwatch.StartNew();
            while (!await IsSummaryAcceptedAsync(app) && patience.Elapsed < TimeSpan.FromMinutes(5))
                await Task.Delay(200, Cancelled);
        }

        var pictures = await app.ReadAsync(db => db.Snapshots.CountAsync(Cancelled));
        var run = alerts ? "with alerts and pictures" : "without";
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"| {run} | {recorded} | {answered - recorded} | {pictures} | {server.Messages.Count} | {perSecond:0.0} |"));
        return perSecond;
    }

    private static Task<bool> IsSummaryAcceptedAsync(SentinelCamApp app) => app.ReadAsync(db =>
        db.Deliveries.AnyAsync(d => d.Kind == MailKind.Summary && d.State == DeliveryState.Accepted, Cancelled));

    private static async Task<int> GuessAsync(SentinelCamApp app, int count)
    {
        using var visitor = app.Visit();
        var page = await visitor.GetAsync("/login");
        for (var i = 0; i < count; i++)
        {
            var answer = await visitor.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" });
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        }

        return count;
    }

    private sealed class NoEntries : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            foreach (var entry in eventData.Context!.ChangeTracker.Entries<ImageLogEntry>().ToList())
                entry.State = EntityState.Detached;
            return ValueTask.FromResult(result);
        }
    }

    private sealed class NoJobs : IBackgroundJobClient
    {
        public string Create(Job job, IState state) => "none";

        public bool ChangeState(string jobId, IState state, string expectedState) => true;
    }
}
