using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What an owner does with a whole alert, without scripts.</summary>
[Trait("Database", "Both")]
public sealed class AlertStoryTests : IAsyncLifetime
{
    private const string Anns = SentinelCamApp.AnnsEmail;

    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _clock = TestClock.AtNoon();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        _ann = await _app.RegisterAnnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Answered_alert_no_longer_counts_as_new_and_the_answer_can_be_changed()
    {
        var first = await FailAsync("203.0.113.9");
        var second = await FailAsync("203.0.113.10");
        var before = await _ann.GetAsync("/dashboard");
        Assert.Equal("(2) Dashboard · SentinelCam", before.Document.Title);
        Assert.Equal("2 new alerts", before.Document.QuerySelector("#new-alerts")!.TextContent.OnOneLine());

        var dashboard = await AnswerAsync(first, AlertAnswer.ItWasMe, "/dashboard");

        Assert.Equal("/dashboard", dashboard.Path);
        Assert.Equal("(1) Dashboard · SentinelCam", dashboard.Document.Title);
        Assert.Equal("true", dashboard.Document.QuerySelector($"#me-{first}")!.GetAttribute("aria-pressed"));
        Assert.Equal(["alert new", "alert"], dashboard.Document.QuerySelectorAll(".alert").Select(card => card.ClassName));

        var page = await AnswerAsync(first, AlertAnswer.NotMe, "/dashboard");
        Assert.Equal($"/alerts/{first}", page.Path);
        Assert.Equal("(1) Failed sign-in to ann@example.org · SentinelCam", page.Document.Title);
        await AnswerAsync(second, AlertAnswer.ItWasMe, "/alerts");
        Assert.Equal("", (await _ann.GetAsync("/userdata")).Document.QuerySelector("#new-alerts")!.TextContent);

        var answers = await _app.ReadAsync(db => db.Alerts.OrderBy(a => a.Id)
            .Select(a => new { a.Answer, a.AnsweredAt, a.AnsweredThrough }).ToListAsync());
        Assert.Equal([AlertAnswer.NotMe, AlertAnswer.ItWasMe], answers.Select(a => a.Answer));
        Assert.All(answers, a => Assert.Equal((_clock.GetUtcNow(), AnswerChannel.Page), (a.AnsweredAt, a.AnsweredThrough)));
        Assert.Equal(2, await _app.ReadAsync(db => db.ImageLog.CountAsync()));
        // Entity Framework warns when it is asked for some rows in no order
        Assert.DoesNotContain("OrderBy", AppLog.Read(_app.DataDirectory), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_me_leads_to_what_to_do_now()
    {
        var alert = await FailAsync("203.0.113.9");

        var page = await AnswerAsync(alert, AlertAnswer.NotMe, "/dashboard");

        var now = page.Document.QuerySelector("#now")!;
        Assert.Equal(
            [
                "/settings/sessions?handler=EndSessions", "/settings/security", $"/alerts/{alert}?handler=Pin&pinned=true",
                $"/alerts/{alert}?handler=Export",
            ],
            now.QuerySelectorAll("form, a").Select(e => e.GetAttribute("action") ?? e.GetAttribute("href")));
        using var elsewhere = await _app.VisitAsAsync(Anns);
        var ended = await _ann.SubmitAsync(page, new { }, "/settings/sessions?handler=EndSessions");
        Assert.Contains("were signed out", ended.Main, StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("/login", (await elsewhere.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Attempts_after_an_answer_make_the_alert_new_again_unless_it_was_not_me()
    {
        var alert = await FailAsync("203.0.113.9");
        await AnswerAsync(alert, AlertAnswer.NotMe, "/dashboard");
        await _app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);
        Assert.Equal(AlertAnswer.NotMe, (await FindAsync(alert)).Answer);

        await AnswerAsync(alert, AlertAnswer.ItWasMe, "/dashboard");
        await _app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);
        Assert.Equal((AlertAnswer.New, null), ((await FindAsync(alert)).Answer, (await FindAsync(alert)).AnsweredAt));

        await AnswerAsync(alert, AlertAnswer.NotMe, "/dashboard");
        Assert.True((await _app.SubmitAsync(Anns, passwordIsRight: true, "203.0.113.9")).IsAccepted);
        var got = await FindAsync(alert);
        Assert.Equal((AlertAnswer.New, _clock.GetUtcNow(), 3), (got.Answer, got.SucceededAt, got.Attempts));
        Assert.Contains("Somebody got in at", (await _ann.GetAsync("/dashboard")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_say_in_words_what_happened_from_where_and_who_was_told()
    {
        await FailAsync("192.168.1.7");
        await _app.FailToSignInAsync(Anns, "203.0.113.9", isCaptured: false);
        await _app.FailToSignInAsync("stranger@example.org", "203.0.113.9", isCaptured: false);
        await _app.WaitForAcceptedAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(70));

        var cards = (await _ann.GetAsync("/dashboard")).Document.QuerySelectorAll(".alert");
        Assert.Equal(["Failed sign-in to stranger@example.org", "2 failed sign-ins to ann@example.org"],
            cards.Select(card => card.QuerySelector("h3")!.TextContent.OnOneLine()));
        Assert.Contains("1 minute ago from the internet, 203.0.113.9", cards[0].TextContent.OnOneLine(),
            StringComparison.Ordinal);
        Assert.Contains("Not an approved account", cards[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("from several addresses", cards[1].TextContent, StringComparison.Ordinal);
        Assert.Contains("Nobody has got in so far", cards[1].TextContent, StringComparison.Ordinal);
        Assert.Contains("✓ Told at", cards[1].TextContent.OnOneLine(), StringComparison.Ordinal);
        Assert.Contains("Alert to ann@example.org: sent to the outbox",
            cards[1].QuerySelector("details.told ul")!.TextContent.OnOneLine(), StringComparison.Ordinal);
        // The best picture is shown large, and leads to its entry
        Assert.StartsWith("/userdata/", cards[1].QuerySelector("a.shot")!.GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_alert_is_paged_in_the_order_of_its_attempts()
    {
        for (var i = 0; i < 120; i++)
            await _app.FailToSignInAsync(Anns, "203.0.113.9", $"Visitor/{i}", isCaptured: false);
        var alert = await _app.ReadAsync(db => db.Alerts.SingleAsync());
        var seen = new List<string>();
        for (var path = $"/alerts/{alert.Id}"; path is not null;)
        {
            var page = await _ann.GetAsync(path);
            Assert.Equal("120 failed sign-ins to ann@example.org", page.Document.QuerySelector("h1")!.TextContent.OnOneLine());
            seen.AddRange(page.Document.QuerySelectorAll("#log .agent bdi").Select(agent => agent.TextContent));
            path = page.Document.QuerySelector("#log .older a")?.GetAttribute("href");
        }

        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"Visitor/{i}"), seen);
        var entry = await _app.ReadAsync(db => db.ImageLog.MinAsync(e => e.Id));
        Assert.Equal($"/alerts/{alert.Id}",
            (await _ann.GetAsync($"/userdata/{entry}")).Document.QuerySelector(".more a")!.GetAttribute("href"));
    }

    [Fact]
    public async Task Whole_alert_is_pinned_exported_and_deleted()
    {
        var alert = await FailAsync("203.0.113.9", times: 3);
        var other = await FailAsync("203.0.113.10");
        await AnswerAsync(alert, AlertAnswer.NotMe, "/dashboard");

        var pinned = await _ann.SubmitAsync($"/alerts/{alert}", new { }, $"/alerts/{alert}?handler=Pin&pinned=true");
        Assert.Contains("The pictures are pinned", pinned.Main, StringComparison.Ordinal);
        Assert.Contains("Unpin the 3 pictures", pinned.Main, StringComparison.Ordinal);
        Assert.Equal(3, await _app.ReadAsync(db => db.Snapshots.CountAsync(s => s.Pinned)));

        await using (var zip = new ZipArchive(new MemoryStream((await _ann.GetAsync($"/alerts/{alert}?handler=Export")).Body)))
        {
            Assert.Equal(3, zip.Entries.Count(e => e.Name.EndsWith(".jpg", StringComparison.Ordinal)));
            using var table = new StreamReader(
                await zip.GetEntry("image-log.csv")!.OpenAsync(TestContext.Current.CancellationToken));
            var lines = (await table.ReadToEndAsync(TestContext.Current.CancellationToken))
                .Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.EndsWith("alert,answer,answered (UTC),answered through,device", lines[0], StringComparison.Ordinal);
            Assert.Equal(4, lines.Length);
            Assert.All(lines.Skip(1), line => Assert.Contains($"\"{alert}\",\"NotMe\"", line, StringComparison.Ordinal));
            await using var json = await zip.GetEntry("image-log.json")!.OpenAsync(TestContext.Current.CancellationToken);
            var entries = (await JsonDocument.ParseAsync(json, default, TestContext.Current.CancellationToken)).RootElement;
            Assert.Equal(["NotMe", "NotMe", "NotMe"],
                entries.EnumerateArray().Select(e => e.GetProperty("alert").GetProperty("answer").GetString()));
        }

        var deleted = await _ann.SubmitAsync($"/alerts/{alert}", new { }, $"/alerts/{alert}?handler=Delete");
        Assert.Equal("/dashboard", deleted.Path);
        Assert.Contains("The alert was deleted, with its 3 entries and their pictures", deleted.Main, StringComparison.Ordinal);
        Assert.Equal([$"alert-{other}"], deleted.Document.QuerySelectorAll(".alert").Select(card => card.Id));
        Assert.Equal(HttpStatusCode.NotFound, (await _ann.GetAsync($"/alerts/{alert}")).Status);
        Assert.Equal(1, await _app.ReadAsync(db => db.Snapshots.CountAsync()));
        // The record of what happened stays
        Assert.Equal(4, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    [Fact]
    public async Task Other_peoples_alerts_look_like_missing_ones_and_administrators_see_those_of_no_account()
    {
        await _app.AddAccountAsync("Bob", Household.Bobs);
        var anns = await FailAsync("203.0.113.9");
        await _app.FailToSignInAsync("stranger@example.org", "198.51.100.7", isCaptured: false);
        var nobodys = await _app.ReadAsync(db => db.Alerts.Where(a => a.OwnerId == null).Select(a => a.Id).SingleAsync());
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        var token = (await bob.GetAsync("/settings")).Token;

        foreach (var id in new[] { anns, nobodys })
        {
            foreach (var path in new[] { $"/alerts/{id}", $"/alerts/{id}?handler=Export" })
                Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync(path)).Status);
            foreach (var form in new[] { "Answer", "Pin&pinned=true", "Delete" })
            {
                var theirs = await PostAsync(id, form);
                var missing = await PostAsync(987_654, form);
                Assert.Equal((HttpStatusCode.NotFound, missing.Neutral), (theirs.Status, theirs.Neutral));
            }
        }

        Assert.Equal("", (await bob.GetAsync("/alerts")).Document.QuerySelector("#new-alerts")!.TextContent);
        Assert.Equal(2, (await _ann.GetAsync("/alerts")).Document.QuerySelectorAll(".alert").Length);
        await AnswerAsync(nobodys, AlertAnswer.NotMe, "/alerts");
        Assert.Equal(AlertAnswer.NotMe, (await FindAsync(nobodys)).Answer);
        Assert.Equal((AlertAnswer.New, 1), ((await FindAsync(anns)).Answer, (await FindAsync(anns)).Entries));

        Task<WebAnswer> PostAsync(long id, string handler) => bob.PostAsync(
            $"/alerts/{id}?handler={handler}", [new("__RequestVerificationToken", token), new("Answer", "ItWasMe")]);
    }

    /// <summary>An alert of its own, with pictures.</summary>
    private async Task<long> FailAsync(string address, int times = 1)
    {
        await _app.ReadAsync(db => db.Alerts.Where(a => a.ClosedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, _clock.GetUtcNow())));
        for (var i = 0; i < times; i++)
            await _app.FailAndCaptureAsync(_clock, address);
        return await _app.ReadAsync(db => db.Alerts.MaxAsync(a => a.Id));
    }

    private Task<Alert> FindAsync(long id) => _app.ReadAsync(db => db.Alerts.AsNoTracking().SingleAsync(a => a.Id == id));

    private async Task<WebAnswer> AnswerAsync(long alert, AlertAnswer answer, string page) => await _ann.SubmitAsync(
        await _ann.GetAsync(page), new { Answer = answer.ToString(), ReturnUrl = page },
        string.Create(CultureInfo.InvariantCulture, $"/alerts/{alert}?handler=Answer"));
}
