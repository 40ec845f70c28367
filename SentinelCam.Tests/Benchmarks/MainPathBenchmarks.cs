using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures each step of a failed sign-in, and the start of the app.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class MainPathBenchmarks
{
    private const int Rounds = 100;
    private const int WarmUp = 5;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task From_the_post_to_the_mail_servers_250()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        var mailServer = await OpenSmtpd.StartAsync(Cancelled);
        var commits = new CommitTimes();
        var accepted = new ConcurrentQueue<long>();
        var hashes = new ConcurrentQueue<double>();
        await using var app = await SentinelCamApp.StartAsync(null, services =>
            {
                Household.AllowManyGuesses(services);
                services.ConfigureDbContext<SentinelCamDbContext>(options => options.AddInterceptors(commits));
                services.Replace(ServiceDescriptor.Scoped<IPasswordHasher<Account>>(provider => new TimedHasher(
                    new PasswordHasher<Account>(provider.GetRequiredService<IOptions<PasswordHasherOptions>>()), hashes)));
                services.Replace(ServiceDescriptor.Singleton<IMailTransport>(provider =>
                    new TimedTransport(new SmtpTransport(provider.GetRequiredService<SmtpOptions>()), accepted)));
            },
            ("Camera:Source", stream.Url.ToString()), ("Alerts:QuietPeriod", "00:00:00"),
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{mailServer.Port}"), ("Smtp:Security", "None"),
            ("Smtp:From", "sentinelcam@mail.test"));
        var email = OpenSmtpd.AddressFor("benchmark");
        using var ann = await app.RegisterAnnAsync(email);
        await ann.SignOutAsync();
        using var visitor = app.Visit();
        var page = await visitor.GetAsync("/login");

        List<double> row = [], answer = [], frame = [], distance = [], picture = [], mail = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            commits.Clear();
            var before = accepted.Count;
            var posted = DateTimeOffset.UtcNow;
            var start = Stopwatch.GetTimestamp();
            await visitor.SubmitAsync(page, new { Email = email, Password = "a wrong password" });
            var answered = Milliseconds(start, Stopwatch.GetTimestamp());
            await WaitUntilAsync(() => accepted.Count > before && commits.Times.Count >= 2);
            if (round < 0)
                continue;
            var times = commits.Times.ToArray();
            row.Add(Milliseconds(start, times[0]));
            answer.Add(answered);
            picture.Add(Milliseconds(start, times[1]));
            mail.Add(Milliseconds(start, accepted.Last()));
            var entry = await app.ReadAsync(db => db.ImageLog
                .OrderByDescending(e => e.Id).Select(e => new { e.At, e.Snapshot!.TakenAt }).FirstAsync(Cancelled));
            frame.Add((entry.TakenAt - posted).TotalMilliseconds);
            distance.Add(Math.Abs((entry.TakenAt - entry.At).TotalMilliseconds));
        }

        double[] inRequest = [.. hashes.TakeLast(Rounds)];
        var remainder = answer.Zip(inRequest, (whole, check) => whole - check).ToList();
        var hash = HashCost(app);
        Table.Print("Failed sign-ins, one after another, 640x480 MJPEG at 30 fps, opensmtpd on loopback (ms)",
            ("POST to the attempt's row on disk", row),
            ("POST to the answer", answer),
            ("POST to the frame", frame),
            ("POST to the snapshot's row on disk", picture),
            ("POST to the mail server's 250", mail),
            ("|time of the frame - time of the attempt|", distance),
            ("password check within the request (PBKDF2, 210,000 rounds)", inRequest),
            ("POST to the answer, less the password check", remainder),
            ("password check alone, in a loop", hash));
    }

    [Fact(Explicit = true)]
    public async Task From_the_start_to_the_first_200()
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        List<double> start = [], memory = [];
        for (var round = 0; round < 10; round++)
        {
            var begun = Stopwatch.GetTimestamp();
            await using var app = SentinelCamProcess.Start(Path.Combine(directory, "data"));
            using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
            await visitor.GetAsync("/");
            start.Add(Milliseconds(begun, Stopwatch.GetTimestamp()));
            if (round > 1)
                continue;
            // At rest: the start-up work is done and no request comes
            await Task.Delay(TimeSpan.FromSeconds(20), Cancelled);
            memory.Add(app.WorkingSet / 1048576.0);
        }

        Directory.Delete(directory, recursive: true);
        Table.Print("The process, Release", ("start to the first 200 (ms)", start), ("resident memory at rest (MiB)", memory));
    }

    private static List<double> HashCost(SentinelCamApp app)
    {
        using var scope = app.Services.CreateScope();
        var hasher = scope.ServiceProvider.GetRequiredService<IPasswordHasher<Account>>();
        var account = new Account();
        var hashed = hasher.HashPassword(account, SentinelCamApp.Password);
        return [.. Enumerable.Range(0, Rounds).Select(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            hasher.VerifyHashedPassword(account, hashed, "a wrong password");
            return Milliseconds(start, Stopwatch.GetTimestamp());
        })];
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
            await Task.Delay(1, Cancelled);
        }
    }

    private static double Milliseconds(long start, long end) => Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;

    private sealed class CommitTimes : DbTransactionInterceptor
    {
        public ConcurrentQueue<long> Times { get; } = new();

        public void Clear() => Times.Clear();

        public override Task TransactionCommittedAsync(
            DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Times.Enqueue(Stopwatch.GetTimestamp());
            return Task.CompletedTask;
        }
    }

    private sealed class TimedHasher(IPasswordHasher<Account> real, ConcurrentQueue<double> times) : IPasswordHasher<Account>
    {
        public string HashPassword(Account user, string password) => real.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(Account user, string hashedPassword, string providedPassword)
        {
            var start = Stopwatch.GetTimestamp();
            var result = real.VerifyHashedPassword(user, hashedPassword, providedPassword);
            times.Enqueue(Milliseconds(start, Stopwatch.GetTimestamp()));
            return result;
        }
    }

    private sealed class TimedTransport(IMailTransport real, ConcurrentQueue<long> accepted) : IMailTransport
    {
        public string Description => real.Description;

        public async Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken)
        {
            var outcome = await real.SendAsync(message, cancellationToken);
            if (outcome.Result is MailResult.Accepted)
                accepted.Enqueue(Stopwatch.GetTimestamp());
            return outcome;
        }

        public Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken) =>
            real.TestAsync(message, report, cancellationToken);
    }
}
