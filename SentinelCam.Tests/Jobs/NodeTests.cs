using System.IO.Compression;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>One node, or two in one process.</summary>
public class NodeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Renaming_the_only_device_strands_no_entry_and_keeps_its_camera()
    {
        var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Node:Name", "old-name"), ("Camera:Source", null), ("Camera:Warm", "Never"));
        try
        {
            using (var ann = await app.RegisterAnnAsync())
                await ann.SubmitAsync("/admin/camera", new { Source = "demo" });
            app = await app.StartAgainAsync(
                null, Household.CheapPasswords, ("Node:Name", "new-name"), ("Camera:Source", null), ("Camera:Warm", "Never"));
            using var again = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
            Assert.Contains("demo", (await again.GetAsync("/admin/camera")).Main, StringComparison.Ordinal);

            var id = await app.ReadAsync(async db =>
            {
                var now = DateTimeOffset.UtcNow;
                var entry = db.Add(new ImageLogEntry
                {
                    OwnerId = 1,
                    Trigger = CaptureTrigger.Manual,
                    At = now,
                    CaptureDueAt = now,
                    Node = "old-name",
                }).Entity;
                await db.SaveChangesAsync(Cancelled);
                return entry.Id;
            });

            var taken = await app.WaitForAsync(
                db => db.ImageLog.AsNoTracking().SingleAsync(e => e.Id == id), e => e.CaptureState != CaptureState.Waiting);
            Assert.Equal(CaptureState.Taken, taken.CaptureState);
            Assert.Equal(1, await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.EntryId == id), mails => mails > 0));
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task On_SQLite_the_page_describes_the_only_device_and_nothing_else_names_it()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Node:Name", "front-desk"));
        using var ann = await app.RegisterAnnAsync();

        Assert.Contains("front-desk, this device: version", (await ann.GetAsync("/admin/nodes")).Main, StringComparison.Ordinal);
        Assert.Contains("Log-ins to this device", (await ann.GetAsync("/admin/device")).Main, StringComparison.Ordinal);
        Assert.Empty(await app.ReadAsync(db => db.Nodes.ToListAsync(Cancelled)));
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        var entry = await app.ReadAsync(db => db.ImageLog.Include(e => e.LoginAttempt)
            .SingleAsync(e => e.Trigger == CaptureTrigger.FailedLogin, Cancelled));
        Assert.Equal(("front-desk", null), (entry.Node, entry.LoginAttempt!.Device));
        await ann.SubmitAsync("/capture", new { });
        await app.WaitForAcceptedAsync(2);
        Assert.DoesNotContain("front-desk", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.DoesNotContain(app.MailsTo(SentinelCamApp.AnnsEmail),
            mail => mail.TextBody!.Contains("front-desk", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_node_has_its_own_choice_of_a_camera_and_a_page_of_another_changes_nothing()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var mails = ScriptedSmtpServer.Start();
        (string, string?)[] shared =
            [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings, ("Camera:Source", null), ("Camera:Warm", "Never")];
        await using var lobby = await SentinelCamApp.StartAsync([.. shared, ("Node:Name", "lobby")]);
        using var ann = await lobby.RegisterAnnAsync();
        await ann.SubmitAsync("/admin/camera", new { Source = "demo" });
        await using var office = await SentinelCamApp.StartAsync([.. shared, ("Node:Name", "office")]);
        using var other = await office.VisitAsAsync(SentinelCamApp.AnnsEmail);

        var page = await other.GetAsync("/admin/camera");
        Assert.Contains("Camera of office", page.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("DEMO", page.Main, StringComparison.Ordinal);
        Assert.Contains("Log-ins to office", (await other.GetAsync("/admin/device")).Main, StringComparison.Ordinal);
        var wrong = await other.SubmitAsync(page, new { Source = "http://127.0.0.1:9/snap.jpg", Of = "lobby" });
        Assert.Contains("Nothing was changed", wrong.Main, StringComparison.Ordinal);
        Assert.Equal(1, await office.ReadAsync(db => db.CameraChoices.CountAsync(Cancelled)));
        await other.SubmitAsync(page, new { Source = "http://127.0.0.1:9/snap.jpg" });
        Assert.Equal(["lobby", "office"],
            await office.ReadAsync(db => db.CameraChoices.Select(c => c.Node).Order().ToListAsync(Cancelled)));
        Assert.Contains("127.0.0.1:9", (await other.GetAsync("/admin/camera")).Main, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:9", (await ann.GetAsync("/admin/camera")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renamed_node_on_PostgreSQL_says_that_its_camera_must_be_chosen_again()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        (string, string?)[] shared =
            [.. await PostgresServer.NewDatabaseAsync(), ("Camera:Source", null), ("Camera:Warm", "Never")];
        await using (var before = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. shared, ("Node:Name", "old-name")]))
        {
            using var ann = await before.RegisterAnnAsync();
            await ann.SubmitAsync("/admin/camera", new { Source = "demo" });
        }

        await using var after = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. shared, ("Node:Name", "new-name")]);

        Assert.Contains("choose its camera again on /admin/camera", after.Log(), StringComparison.Ordinal);
        Assert.Equal("old-name", await after.ReadAsync(db => db.CameraChoices.Select(c => c.Node).SingleAsync(Cancelled)));
    }

    [Fact]
    public async Task Requested_picture_names_its_device_where_there_are_several()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var mails = ScriptedSmtpServer.Start();
        var database = await PostgresServer.NewDatabaseAsync();
        await PostgresServer.ReadAsync<string>(database, """
            INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "ClockAheadMs")
                VALUES ('attic', 0, 0, '', '', '', 0) RETURNING "Name"
            """);
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. database, .. mails.Settings, ("Node:Name", "lobby")]);
        using var ann = await app.RegisterAnnAsync();

        await ann.SubmitAsync("/capture", new { });

        await app.WaitForAcceptedAsync(1);
        var mail = Assert.Single(mails.Mails);
        Assert.StartsWith("Picture from lobby for", mail.Subject, StringComparison.Ordinal);
        Assert.Contains("Device: lobby", mail.PlainOnOneLine(), StringComparison.Ordinal);
        var entry = await app.ReadAsync(db => db.ImageLog.Select(e => e.Id).SingleAsync(Cancelled));
        foreach (var path in new[] { "/userdata", $"/userdata/{entry}" })
        {
            Assert.Contains("Captured by you on lobby",
                (await ann.GetAsync(path)).Main.OnOneLine(), StringComparison.Ordinal);
        }

        await ann.SubmitAsync("/userdata", new { View = nameof(LogLayout.Gallery) });
        Assert.Contains("Captured by you on lobby",
            (await ann.GetAsync("/userdata")).Document.QuerySelector(".tile")!.TextContent.OnOneLine(), StringComparison.Ordinal);

        using var export = new ZipArchive(new MemoryStream((await ann.GetAsync("/userdata?handler=Export")).Body));
        using var table = new StreamReader(await export.GetEntry("image-log.csv")!.OpenAsync(Cancelled));
        Assert.EndsWith(",\"lobby\"\r\n", await table.ReadToEndAsync(Cancelled), StringComparison.Ordinal);

        var news = await ann.GetAsync("/dashboard?Since=0_0", ("HX-Request", "true"));
        Assert.Contains("New: captured by you on lobby.", news.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_lists_all_nodes_and_removes_only_one_that_does_not_answer()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        (string, string?)[] shared = [.. await PostgresServer.NewDatabaseAsync(), ("Camera:Warm", "Never")];
        await using var lobby = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. shared, ("Node:Name", "lobby")]);
        using var ann = await lobby.RegisterAnnAsync();
        await using var office = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. shared, ("Node:Name", "office"), ("Camera:Name", "desk")]);
        await lobby.ReadAsync(db =>
        {
            db.Add(new CameraChoice { Node = "office", ProtectedSource = "unreadable" });
            db.Add(new Trouble { Kind = TroubleKind.Camera, Node = "office", Problem = "It is dark." });
            return db.SaveChangesAsync(Cancelled);
        });

        var page = await ann.GetAsync("/admin/nodes");
        foreach (var (node, camera) in new[] { ("lobby (this one)", "front door"), ("office", "desk") })
        {
            var row = RowOf(page, node);
            Assert.StartsWith($"{node} running {camera}: ", row, StringComparison.Ordinal);
            Assert.EndsWith($" {ProductVersion.Text} none", row, StringComparison.Ordinal);
            var seen = await lobby.ReadAsync(
                db => db.Nodes.Where(n => node.StartsWith(n.Name)).Select(n => n.SeenAt).SingleAsync(Cancelled));
            Assert.InRange(DateTimeOffset.UtcNow - seen, TimeSpan.FromSeconds(-1), LiveNodes.Limit);
        }

        foreach (var living in new[] { "lobby", "office", "nobody" })
            Assert.Equal(HttpStatusCode.NotFound, (await ForgetAsync(living)).Status);
        Assert.Equal(2, await lobby.ReadAsync(db => db.Nodes.CountAsync(Cancelled)));

        await office.StopAsync();
        // As if half a minute had passed
        var dead = (long)(LiveNodes.Limit + TimeSpan.FromSeconds(1)).TotalMilliseconds;
        await lobby.ReadAsync(db => db.Database.ExecuteSqlAsync(
            $"""UPDATE "Nodes" SET "SeenAt" = "SeenAt" - {dead} WHERE "Name" = 'office'""", Cancelled));
        page = await Eventually.GetAsync(
            () => ann.GetAsync("/admin/nodes"), p => RowOf(p, "office").Contains("does not answer", StringComparison.Ordinal),
            lobby.Log);
        Assert.EndsWith(" Remove", RowOf(page, "office"), StringComparison.Ordinal);
        var removed = await ann.SubmitAsync(page, new { }, "/admin/nodes?handler=Forget");

        Assert.Contains("The device is removed from the list.", removed.Main, StringComparison.Ordinal);
        Assert.Contains("lobby, this device: version", removed.Main, StringComparison.Ordinal);
        Assert.Equal("office", await lobby.ReadAsync(
            db => db.Activity.Where(a => a.Kind == ActivityKind.NodeRemoved).Select(a => a.Detail).SingleAsync(Cancelled)));
        Assert.Equal(["lobby"], await lobby.ReadAsync(db => db.Nodes.Select(n => n.Name).ToListAsync(Cancelled)));
        Assert.Equal(0, await lobby.ReadAsync(async db =>
            await db.CameraChoices.CountAsync(Cancelled) + await db.Troubles.CountAsync(Cancelled)));

        async Task<WebAnswer> ForgetAsync(string node) => await ann.PostAsync("/admin/nodes?handler=Forget",
            [new("__RequestVerificationToken", page.Token), new("node", node)]);

        static string RowOf(WebAnswer page, string node) => page.Document.QuerySelectorAll("tr")
            .Select(row => row.TextContent.OnOneLine()).Single(row => row.StartsWith($"{node} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Mail_that_a_living_node_is_sending_is_left_alone_by_one_whose_clock_differs_by_days(int days)
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var reply = new TaskCompletionSource();
        await using var mails = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", After: reply.Task)));
        await using var lobby = await SentinelCamApp.StartAsync(null, Household.CheapPasswords,
            [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings, ("Node:Name", "lobby")]);
        (await lobby.RegisterAnnAsync()).Dispose();
        await lobby.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await Eventually.TrueAsync(() => mails.Messages.Count == 1, lobby.Log);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(days));

        await RepairAsync("office");
        Assert.Equal((DeliveryState.Sending, 1), await StateAsync());

        // The same mail counts as cut off if it is the node's own
        await RepairAsync("lobby");
        Assert.NotEqual(DeliveryState.Sending, (await StateAsync()).State);
        reply.SetResult();
        await lobby.WaitForAcceptedAsync(1);

        Task<int> RepairAsync(string node) => lobby.ReadAsync(async db =>
        {
            var repair = new WorkRepair(new LiveNodes(new NodeName(node), mayBeSeveral: true), clock);
            await repair.ReleaseStuckAsync(db, Cancelled);
            await repair.RunAsync(db, Cancelled);
            return 0;
        });

        async Task<(DeliveryState State, int Tries)> StateAsync()
        {
            var mail = await lobby.ReadAsync(db => db.Deliveries.AsNoTracking().SingleAsync(Cancelled));
            return (mail.State, mail.Tries);
        }
    }

    [Fact]
    public async Task Heartbeats_signal_no_commit()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var mails = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(
            [.. await PostgresServer.NewDatabaseAsync(), .. mails.Settings]);
        var session = app.Services.GetRequiredService<NodeSession>();
        await app.RegisterAnnAsync();
        var before = await app.ReadAsync(db => db.Nodes.AsNoTracking().SingleAsync(Cancelled));
        var signal = app.Services.GetRequiredService<CommitSignal>().Next;

        await Eventually.GetAsync(() => app.ReadAsync(db => db.Nodes.AsNoTracking().SingleAsync(Cancelled)),
            node => node.SeenAt > before.SeenAt);

        Assert.False(signal.IsCompleted);
        var ahead = app.Services.GetRequiredService<LiveNodes>().ClockAhead!.Value;
        Assert.InRange(ahead, TimeSpan.FromSeconds(-2), TimeSpan.FromSeconds(2));
    }
}
