using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Activity as its owner and administrators see it.</summary>
[Trait("Database", "Both")]
public class ActivityPagesTests(Household household) : IClassFixture<Household>
{
    private const string Own = "/settings/activity";
    private const string All = "/admin/activity";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Owner_reads_what_happened_in_plain_words_and_nothing_about_others()
    {
        var (ann, bob) = (await IdAsync(SentinelCamApp.AnnsEmail), await IdAsync(Household.Bobs));
        await AddAsync(Line(bob, ActivityKind.PasswordChanged));
        await AddAsync(Line(bob, ActivityKind.AccountApproved, actor: ActivityActor.Administrator, actorId: ann,
            address: "198.51.100.77"));
        await AddAsync(Line(ann, ActivityKind.CameraChosen));

        var page = (await household.Bob.GetAsync(Own)).Main;

        Assert.Contains("You changed your password from 203.0.113.9, Chrome 156 on Linux", page, StringComparison.Ordinal);
        Assert.Contains("An administrator, ann@example.org, approved your account", page, StringComparison.Ordinal);
        Assert.Contains("Today", page, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.77", page, StringComparison.Ordinal);
        Assert.DoesNotContain("chose the camera", page, StringComparison.Ordinal);
        Assert.DoesNotContain("approved your account", (await household.Eve.GetAsync(Own)).Main, StringComparison.Ordinal);

        var all = (await household.Ann.GetAsync(All)).Main;
        Assert.Contains("bob@example.org changed the password", all, StringComparison.Ordinal);
        Assert.Contains("An administrator, ann@example.org, approved the account (bob@example.org) from 198.51.100.77", all,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(All)]
    [InlineData(All + "?handler=Export&format=Csv")]
    [InlineData(All + "?handler=Export&format=JsonLines")]
    public async Task Only_administrators_see_the_activity_of_all(string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await household.Bob.GetAsync(path)).Status);
        Assert.Equal("/login", (await household.Nobody.GetAsync(path)).Path);
    }

    [Fact]
    public async Task Older_lines_follow_page_by_page_without_gaps_or_repetition()
    {
        var dave = await _app.AddAccountAsync("Dave", "dave@example.org");
        using var visitor = await _app.VisitAsAsync("dave@example.org");
        await AddAsync([.. Enumerable.Range(1, 120).Select(i => Line(dave, ActivityKind.EntriesDeleted, $"{i}"))]);

        var seen = new List<string>();
        for (var path = Own; path is not null;)
        {
            var page = await visitor.GetAsync(path);
            seen.AddRange(page.Document.QuerySelectorAll(".line").Select(line => line.TextContent.OnOneLine()));
            path = page.Document.QuerySelector(".older a")?.GetAttribute("href");
        }

        // And the sign-in
        Assert.Equal(121, seen.Count);
        Assert.Contains("deleted 120 entries", seen[0], StringComparison.Ordinal);
        Assert.Contains("deleted 1 entry of", seen[119], StringComparison.Ordinal);

        // A list that is continued does not repeat the heading of its day
        var first = await visitor.GetAsync(Own);
        var more = first.Document.QuerySelector(".older a")!.GetAttribute("href")!;
        var next = await visitor.GetAsync(more, ("HX-Request", "true"));
        Assert.DoesNotContain("<h2>", next.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<html", next.Text, StringComparison.Ordinal);
        Assert.Contains("<h2>", first.Text, StringComparison.Ordinal);
        // A place of somebody else's line shows one's own lines
        Assert.Equal(HttpStatusCode.OK, (await household.Eve.GetAsync($"{Own}?Before=nonsense")).Status);
    }

    [Theory]
    [InlineData("FRANK@example", 3)]
    [InlineData("frank@example.org&Group=Security", 1)]
    [InlineData("frank@example.org&Days=7", 2)]
    [InlineData("purple-key", 1)]
    [InlineData("urple-k", 1)]
    [InlineData("198.51.100.23", 1)]
    [InlineData("Netscape", 1)]
    [InlineData("added a passkey", 1)]
    [InlineData("no such text at all", 0)]
    [InlineData("a\" OR Tokens:*", 0)]
    [InlineData("%25%25%25", 0)]
    public async Task Administrator_searches_by_account_event_and_text(string query, int expected)
    {
        var frank = await IdAsync("frank@example.org");
        if (frank == 0)
        {
            frank = await _app.AddAccountAsync("Frank", "frank@example.org");
            await AddAsync(
                Line(frank, ActivityKind.PasskeyAdded, "purple-key"),
                Line(frank, ActivityKind.SignedOut, address: "198.51.100.23"),
                Line(frank, ActivityKind.SignedIn, "pwd", browser: "Netscape 4 on Windows", age: 10));
        }

        var page = await household.Ann.GetAsync($"{All}?Q={query}");

        Assert.Equal(expected, page.Document.QuerySelectorAll(".line").Length);
        Assert.Equal(HttpStatusCode.OK, page.Status);
    }

    [Fact]
    public async Task Text_that_is_too_short_shows_everything_and_says_so()
    {
        var page = await household.Ann.GetAsync($"{All}?Q=ab");

        Assert.Contains("Type at least 3 characters", page.Main, StringComparison.Ordinal);
        Assert.NotEmpty(page.Document.QuerySelectorAll(".line"));
    }

    [Fact]
    public async Task Hostile_text_is_shown_and_exported_as_text()
    {
        var bob = await IdAsync(Household.Bobs);
        const string Hostile = "=cmd|'/c calc'!A1<script>alert(1)</script>\"";
        await AddAsync(Line(bob, ActivityKind.PasskeyRenamed, Hostile, browser: "<img src=x onerror=alert(1)>"));

        foreach (var page in new[] { await household.Bob.GetAsync(Own), await household.Ann.GetAsync($"{All}?Q=<script>") })
        {
            Assert.Contains(Hostile, page.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", page.Text, StringComparison.Ordinal);
        }

        var csv = await household.Ann.GetAsync($"{All}?handler=Export&format=Csv&Q=onerror");
        Assert.Equal("text/csv; charset=utf-8", csv.Headers["Content-Type"]);
        Assert.Contains("attachment", csv.Headers["Content-Disposition"], StringComparison.Ordinal);
        Assert.Contains("\"'=cmd|'/c calc'!A1<script>alert(1)</script>\"\"\"", csv.Text, StringComparison.Ordinal);
        Assert.Equal(2, csv.Text.TrimEnd().Split("\r\n").Length);
        var json = await household.Ann.GetAsync($"{All}?handler=Export&format=JsonLines&Q=onerror");
        Assert.DoesNotContain("<script>", json.Text, StringComparison.Ordinal);
        var line = JsonDocument.Parse(Assert.Single(json.Text.TrimEnd().Split('\n'))).RootElement;
        Assert.Equal((Hostile, Household.Bobs, "PasskeyRenamed"), (line.GetProperty("detail").GetString(),
            line.GetProperty("account").GetString(), line.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task Export_has_every_line_once_and_the_latest_first()
    {
        await AddAsync([.. Enumerable.Range(0, 1_100).Select(i => Line(77_777, ActivityKind.SignedOut, $"export {i}"))]);

        var lines = (await household.Ann.GetAsync($"{All}?handler=Export&format=JsonLines&Q=export")).Text.TrimEnd().Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("detail").GetString()!.Length > 0).ToList();

        Assert.Equal(Enumerable.Range(0, 1_100).Reverse().Select(i => $"export {i}"),
            lines.Select(line => line.GetProperty("detail").GetString()));
        Assert.All(lines, line => Assert.Equal(JsonValueKind.Null, line.GetProperty("account").ValueKind));
        Assert.Contains("a deleted account (number 77777) signed out", (await household.Ann.GetAsync(All)).Main,
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await household.Ann.GetAsync($"{All}?handler=Export&format=Xml")).Status);
    }

    [Fact]
    public async Task Failures_lead_to_their_alert_and_say_how_many_there_were()
    {
        await _app.FailToSignInAsync(Household.Eves, isCaptured: false);
        await _app.FailToSignInAsync(Household.Eves, isCaptured: false);
        await _app.FailToSignInAsync(Household.Eves, isCaptured: false);

        var page = await household.Eve.GetAsync(Own);

        Assert.Contains("Somebody failed to sign in 3 times", page.Main, StringComparison.Ordinal);
        var link = page.Document.QuerySelector(".line a")!.GetAttribute("href")!;
        Assert.Equal(HttpStatusCode.OK, (await household.Eve.GetAsync(link)).Status);
        // Another owner's alert is not the administrator's
        Assert.DoesNotContain(link, (await household.Ann.GetAsync(All)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_has_a_group_and_words()
    {
        foreach (var kind in Enum.GetValues<ActivityKind>())
        {
            var item = new ActivityItem(Line(1, kind), "bob@example.org", null, null);
            Assert.True(Enum.IsDefined(ActivityGroups.GroupOf(kind)));
            Assert.DoesNotContain("{the}", ActivityWords.What(item, isOwner: true), StringComparison.Ordinal);
            Assert.Equal("You", ActivityWords.Who(item, isOwner: true));
        }
    }

    private AccountActivity Line(
        long account, ActivityKind kind, string detail = "", ActivityActor actor = ActivityActor.Owner, long? actorId = null,
        string address = "203.0.113.9", string browser = "Chrome 156 on Linux", int age = 0) => new()
        {
            At = household.Clock.GetUtcNow().AddDays(-age),
            AccountId = account,
            Actor = actor,
            ActorId = actorId ?? account,
            Kind = kind,
            Detail = detail,
            RemoteAddress = address,
            Browser = browser,
        };

    private Task<int> AddAsync(params AccountActivity[] lines) => _app.ReadAsync(db =>
    {
        db.AddRange(lines);
        return db.SaveChangesAsync();
    });

    private Task<long> IdAsync(string email) =>
        _app.ReadAsync(db => db.Users.Where(a => a.Email == email).Select(a => a.Id).SingleOrDefaultAsync());
}
