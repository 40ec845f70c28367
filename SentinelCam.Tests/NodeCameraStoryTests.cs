using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using OpenCvSharp;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Two real processes on one PostgreSQL, each with a camera of its own.</summary>
public sealed class NodeCameraStoryTests : IDisposable
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private const string NotReachable = "The camera of \"office\" is not reachable: its SentinelCam does not answer.";

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Picture_is_of_the_node_where_it_happened_and_without_it_the_mail_says_why_within_45_seconds()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var mails = ScriptedSmtpServer.Start();
        await using var small = await TimedCamera.StartAsync(320, 240, framesPerSecond: 10);
        await using var large = await TimedCamera.StartAsync(640, 480, framesPerSecond: 10);
        (string, string?)[] shared = [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings];
        await using var lobby = Start("lobby", small, shared);
        using var ann = new WebVisitor(await lobby.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await ann.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
        await using var office = Start("office", large, shared);
        using var annsOther = new WebVisitor(await office.Address, "Tests/1.0");
        await annsOther.SignInAsync(Anns, SentinelCamApp.Password);
        // The page of nodes reads the database. This one knows what the lobby knows
        await Eventually.TrueAsync(async () =>
            (await ann.GetAsync("/admin/camera")).Main.Contains("Camera of lobby", StringComparison.Ordinal));

        await GuessAsync(lobby, "bob@example.org");
        await GuessAsync(office, "carol@example.org");

        await using var db = Open(shared);
        foreach (var (node, typed, width, visitor) in new[]
                 {
                     ("lobby", "bob@example.org", 320, ann), ("office", "carol@example.org", 640, annsOther),
                 })
        {
            var entry = await Eventually.GetAsync(
                () => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).Include(e => e.LoginAttempt)
                    .SingleAsync(e => e.Trigger == CaptureTrigger.FailedLogin && e.Node == node),
                e => e.CaptureState == CaptureState.Taken, () => lobby.Said + office.Said);
            Assert.Equal(($"camera of the {node}", node), (entry.Snapshot!.CameraName, entry.LoginAttempt!.Device));
            using var picture = Cv2.ImDecode(
                (await visitor.GetAsync($"/snapshots/{entry.Snapshot.Id}")).Body, ImreadModes.Color);
            Assert.Equal(width, picture.Width);
            var mail = await MailAsync(mails, typed, () => lobby.Said + office.Said);
            Assert.Contains($"Device: {node}", mail.PlainOnOneLine(), StringComparison.Ordinal);
            Assert.EndsWith($"on {node}", mail.Subject, StringComparison.Ordinal);
            Assert.Contains($"on {node}", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        }

        // A camera that says nothing keeps the capture waiting until the process is killed
        var port = large.Url.Port;
        await large.StopAsync();
        using var silent = new TcpListener(IPAddress.Loopback, port);
        silent.Start();
        using (var visitor = new WebVisitor(await office.Address, "Tests/1.0"))
            await visitor.GetAsync("/login");
        using var connection = await silent.AcceptTcpClientAsync(Cancelled);
        await GuessAsync(office, "dora@example.org");
        var watch = Stopwatch.StartNew();
        await office.KillAsync();
        var late = await MailAsync(mails, "dora@example.org", () => lobby.Said);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(45));
        Assert.Contains(NotReachable, late.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains("Device: office", late.PlainOnOneLine(), StringComparison.Ordinal);
        var page = await ann.GetAsync("/admin/nodes");
        Assert.Contains("does not answer", Row(page, "office"), StringComparison.Ordinal);
        Assert.Contains("camera of the office: not known", Row(page, "office"), StringComparison.Ordinal);
        Assert.Contains("running", Row(page, "lobby"), StringComparison.Ordinal);
        Assert.Contains(NotReachable, (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);

        silent.Stop();
        await large.StartAgainAsync();
        await using var again = Start("office", large, shared);
        await again.Address;
        await Eventually.TrueAsync(async () =>
            Row(await ann.GetAsync("/admin/nodes"), "office").Contains("running", StringComparison.Ordinal));
        Assert.Equal(CaptureState.Failed, await db.ImageLog.Where(e => e.LoginAttempt!.AccountTyped.StartsWith("dora"))
            .Select(e => e.CaptureState).SingleAsync(Cancelled));
    }

    [Fact]
    public async Task Second_process_with_the_same_name_does_not_start_until_the_first_one_is_gone()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var mails = ScriptedSmtpServer.Start();
        (string, string?)[] shared = [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings];
        await using var first = Start("lobby", null, shared);
        await first.Address;

        await using (var second = Start("lobby", null, shared, "second"))
        {
            Assert.Equal(1, await second.WaitForExitAsync());
            Assert.Contains("Node:Name", second.Errors, StringComparison.Ordinal);
            Assert.Contains("lobby", second.Errors, StringComparison.Ordinal);
        }

        await first.KillAsync();
        await using var third = Start("lobby", null, shared, "second");
        await third.Address;
    }

    [Fact]
    public async Task Node_whose_clock_differs_from_the_databases_is_unhealthy_and_says_so()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        Assert.SkipUnless(FakedClock.Library is not null, "libfaketime is not installed");
        await using var mails = ScriptedSmtpServer.Start();
        var clock = new FakedClock(_directory);
        await clock.SetAsync("+40");
        (string, string?)[] shared = [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings];
        await using var ahead = Start("ahead", null, [.. shared, .. clock.Settings]);
        using var ann = new WebVisitor(await ahead.Address, "Tests/1.0");
        await ann.RegisterAsync("Ann", Anns, SentinelCamApp.Password);

        var health = await ann.GetAsync("/healthz");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Contains("clock: The clock is 40 seconds ahead of the database's.", health.Text, StringComparison.Ordinal);
        await using var right = Start("right", null, shared);
        using var other = new WebVisitor(await right.Address, "Tests/1.0");
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/healthz")).Status);
        await other.SignInAsync(Anns, SentinelCamApp.Password);
        Assert.Matches("(39|40) s ahead", Row(await other.GetAsync("/admin/nodes"), "ahead"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private SentinelCamProcess Start(
        string node, TimedCamera? camera, (string, string?)[] shared, string? folder = null) =>
        SentinelCamProcess.Start(Path.Combine(_directory, folder ?? node),
        [
            .. shared, ("Node:Name", node), ("Alerts:QuietPeriod", "00:00:00.4"), ("Camera:Name", $"camera of the {node}"),
            ("Camera:Source", camera?.Url.AbsoluteUri ?? "demo"),
        ]);

    /// <summary>Guesses at an account that nobody has, which the administrator is told about.</summary>
    private static async Task GuessAsync(SentinelCamProcess node, string account)
    {
        using var visitor = new WebVisitor(await node.Address, "Guesser/1.0");
        await visitor.SignInAsync(account, "a wrong password");
    }

    private static async Task<MimeMessage> MailAsync(ScriptedSmtpServer mails, string typed, Func<string> log) =>
        (await Eventually.GetAsync(
            () => mails.Mails.FirstOrDefault(mail => mail.PlainOnOneLine().Contains(typed, StringComparison.Ordinal)),
            mail => mail is not null, log))!;

    private static string Row(WebAnswer page, string node) => page.Document.QuerySelectorAll("tr")
        .Select(row => row.TextContent.OnOneLine())
        .Single(row => row.StartsWith($"{node} ", StringComparison.Ordinal));

    private static PostgresDbContext Open((string Key, string? Value)[] settings) => new(
        new DbContextOptionsBuilder<PostgresDbContext>()
            .UseNpgsql(settings.Single(setting => setting.Key == PostgresServer.Key).Value).Options);
}
