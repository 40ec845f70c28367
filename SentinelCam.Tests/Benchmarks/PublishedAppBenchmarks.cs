using System.Diagnostics;
using System.Globalization;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Compares published builds, each in its own process. <c>PUBLISHED_APPS</c> lists their folders, separated as in <c>PATH</c>.
/// <c>PUBLISHED_ROUNDS</c> is the number of failed sign-ins in each pass of a build, 50 by default. Run with
/// <c>-explicit only</c>; prints tables and asserts no times:
/// <code>
/// dotnet publish SentinelCam -c Release -o /somewhere/new
/// PUBLISHED_APPS=/somewhere/old:/somewhere/new dotnet run -c Release --project SentinelCam.Tests -- \
///     -explicit only -class SentinelCam.Tests.Benchmarks.PublishedAppBenchmarks
/// </code>
/// </summary>
public class PublishedAppBenchmarks
{
    private const int WarmUp = 10;
    private const int Passes = 2;
    private static readonly int Rounds = int.Parse(
        Environment.GetEnvironmentVariable("PUBLISHED_ROUNDS") ?? "50", CultureInfo.InvariantCulture);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static string[] Apps => (Environment.GetEnvironmentVariable("PUBLISHED_APPS") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    [Fact(Explicit = true)]
    public async Task From_the_answer_to_the_mail_servers_250()
    {
        Assert.SkipWhen(Apps.Length == 0, "PUBLISHED_APPS lists no folder");
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = await MjpegStream.StartAsync(Cancelled);
        var closing = new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", Close: true));
        var rows = Apps.SelectMany(app => new[]
        {
            (App: app, What: "a new connection for each mail", Script: closing, Times: new List<double>()),
            (App: app, What: "connection kept", Script: new SmtpScript(), Times: new List<double>()),
        }).ToList();

        // The builds take turns, so that other load on the machine affects all of them
        for (var pass = 0; pass < Passes; pass++)
        {
            foreach (var row in rows)
                row.Times.AddRange(await MeasureAsync(row.App, stream.Url, row.Script));
        }

        Table.Print(
            "Answer to a wrong password to the mail server's 250: 640x480 MJPEG at 30 fps, warm camera, SMTP on loopback (ms)",
            [.. rows.Select(row => ($"{row.App}: {row.What}", (IReadOnlyList<double>)row.Times))]);
    }

    [Fact(Explicit = true)]
    public async Task At_rest()
    {
        Assert.SkipWhen(Apps.Length == 0, "PUBLISHED_APPS lists no folder");
        var rows = Apps.Select(app => (App: app, Processor: new List<double>(), Memory: new List<double>())).ToList();
        for (var pass = 0; pass < Passes; pass++)
        {
            foreach (var row in rows)
            {
                using var directory = new TemporaryDirectory();
                await using var app = SentinelCamProcess.StartPublished(row.App, directory.Data);
                using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
                await visitor.GetAsync("/");
                // The start-up work ends meanwhile
                await Task.Delay(TimeSpan.FromSeconds(30), Cancelled);
                var (before, start) = (app.ProcessorTime, Stopwatch.GetTimestamp());
                await Task.Delay(TimeSpan.FromMinutes(1), Cancelled);
                row.Processor.Add((app.ProcessorTime - before) / Stopwatch.GetElapsedTime(start) * 100);
                row.Memory.Add(app.WorkingSet / 1_048_576.0);
            }
        }

        Table.Print("At rest: no visits, camera closed", [.. rows.SelectMany(row => new[]
        {
            ($"{row.App}: processor time over a minute (% of a core)", (IReadOnlyList<double>)row.Processor),
            ($"{row.App}: resident memory (MiB)", row.Memory),
        })]);
    }

    private static async Task<List<double>> MeasureAsync(string folder, Uri camera, SmtpScript script)
    {
        using var directory = new TemporaryDirectory();
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = SentinelCamProcess.StartPublished(folder, directory.Data,
            ("Camera:Source", camera.ToString()), ("Alerts:QuietPeriod", "00:00:00"),
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"),
            ("Smtp:From", "cam@example.org"));
        using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await visitor.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        await visitor.SignOutAsync();
        var page = await visitor.GetAsync("/login");
        List<double> times = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            var before = server.Accepted.Count;
            await visitor.SubmitAsync(page, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" });
            var answered = Stopwatch.GetTimestamp();
            while (server.Accepted.Count == before)
            {
                Assert.True(Stopwatch.GetElapsedTime(answered) < TimeSpan.FromMinutes(1), $"No mail in a minute:\n{app.Said}");
                await Task.Delay(1, Cancelled);
            }

            // The mail can arrive before the answer
            if (round >= 0)
                times.Add(Math.Max(0, Stopwatch.GetElapsedTime(answered, server.Accepted[before]).TotalMilliseconds));
        }

        return times;
    }

    private sealed class TemporaryDirectory : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;

        public string Data => Path.Combine(_path, "data");

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
