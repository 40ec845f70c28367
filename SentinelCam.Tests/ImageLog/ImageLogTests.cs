using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.ImageLog;

/// <summary>The owner's list: search, filters, paging, export and deletion, as <c>/userdata</c> shows them.</summary>
[Trait("Database", "Both")]
public class ImageLogTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("100%", "sure")]
    [InlineData("a_b", "under_score")]
    [InlineData("back\\slash", "back\\slash")]
    [InlineData("198.51.100.4", "elsewhere")]
    [InlineData("ELSEWHERE", "elsewhere")]
    [InlineData("  sure ", "sure")]
    public async Task Search_matches_percent_underscore_and_backslash_literally(string text, string found)
    {
        using var owner = await OwnerAsync("search" + Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text + found)),
            ("203.0.113.5", "Agent 100% sure"), ("203.0.113.5", "Agent 100 percent"), ("203.0.113.5", "a_b under_score"),
            ("203.0.113.5", "axb"),
            ("203.0.113.5", "back\\slash"), ("198.51.100.4", "from elsewhere"));

        var agents = Agents(await owner.GetAsync("/userdata?Q=" + Uri.EscapeDataString(text)));

        Assert.Contains(found, Assert.Single(agents), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_narrow_the_list_and_invalid_ones_are_ignored()
    {
        using var owner = await OwnerAsync("filters", ("203.0.113.5", "one"), ("203.0.113.5", "two"));
        await owner.SubmitAsync("/capture", new { });
        Assert.Equal(3, Entries(await owner.GetAsync("/userdata")));

        Assert.Equal(2, Entries(await owner.GetAsync("/userdata?Trigger=FailedLogin")));
        Assert.Equal(1, Entries(await owner.GetAsync("/userdata?Trigger=Manual")));
        Assert.Equal(2, Entries(await owner.GetAsync("/userdata?Outcome=WrongPassword")));
        Assert.Equal(0, Entries(await owner.GetAsync("/userdata?Outcome=LockedOut")));
        var today = household.Clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Assert.Equal(3, Entries(await owner.GetAsync($"/userdata?From={today}&To={today}")));
        Assert.Equal(0, Entries(await owner.GetAsync("/userdata?To=2029-12-31")));
        Assert.Equal(3, Entries(await owner.GetAsync("/userdata?To=9999-12-31")));
        Assert.Equal(3, Entries(await owner.GetAsync("/userdata?Q=&Trigger=&Outcome=&From=&To=")));
        Assert.Equal(3, Entries(await owner.GetAsync("/userdata?Trigger=Nonsense&Outcome=99&From=yesterday&Before=x")));
        Assert.Contains(
            "Nothing matches", (await owner.GetAsync("/userdata?Q=" + new string('q', 5_000))).Main, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/userdata?Before=-9223372036854775808_0")]
    [InlineData("/userdata?Before=9223372036854775807_9223372036854775807")]
    [InlineData("/dashboard?Since=-9223372036854775808_0")]
    public async Task Crafted_position_is_not_an_error(string url) =>
        Assert.Equal(HttpStatusCode.OK, (await household.Ann.GetAsync(url)).Status);

    [Fact]
    public async Task Search_from_the_year_2_starts_at_the_beginning()
    {
        await household.App.FailToSignInAsync(Household.Bobs, "192.0.2.2", "Ancient/0.2", isCaptured: false);
        Assert.Contains(
            "Ancient/0.2", (await household.Bob.GetAsync("/userdata?Q=Ancient&From=0002-01-01")).Main, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "Ancient/0.2", (await household.Bob.GetAsync("/userdata?Q=Ancient&From=9000-01-01")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_that_is_too_short_deletes_nothing()
    {
        await household.App.FailToSignInAsync(Household.Bobs, isCaptured: false);
        Assert.Contains(
            "Type at least 3 characters", (await household.Bob.GetAsync("/delete_log?Q=ab")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paging_is_stable_while_new_entries_arrive()
    {
        using var owner = await OwnerAsync(
            "paging", [.. Enumerable.Range(0, 60).Select(i => ("203.0.113.5", $"Agent number {i:00}"))]);
        var seen = new List<string>();
        var next = "/userdata?Q=number";
        while (next is not null)
        {
            var page = await owner.GetAsync(next);
            seen.AddRange(Agents(page));
            next = page.Document.QuerySelector("li.older a")?.GetAttribute("href");
            await _app.FailToSignInAsync("paging@example.org", userAgent: "Agent number late", isCaptured: false);
        }

        Assert.Equal(Enumerable.Range(0, 60).Reverse().Select(i => $"Agent number {i:00}"), seen);
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Export_contains_the_pictures_and_a_table_without_formulas()
    {
        using var owner = await OwnerAsync("export",
            ("203.0.113.5", "=HYPERLINK(\"http://evil.example\")"), ("203.0.113.5", "@SUM(1)"), ("203.0.113.5", "-1+1"),
            ("203.0.113.5", "＝1+1"), ("203.0.113.5", "plain, \"quoted\""));
        await owner.SubmitAsync("/capture", new { });
        var picture = await PictureOfManualCaptureAsync("export@example.org");

        var answer = await owner.GetAsync(
            (await owner.GetAsync("/userdata")).Document.QuerySelector("a[download]")!.GetAttribute("href")!);

        Assert.Equal("application/zip", answer.Headers["Content-Type"]);
        Assert.StartsWith(
            "attachment; filename=\"sentinelcam-2030", answer.Headers["Content-Disposition"], StringComparison.Ordinal);
        using var zip = new ZipArchive(new MemoryStream(answer.Body));
        var jpeg = Assert.Single(zip.Entries, entry => entry.Name.EndsWith(".jpg", StringComparison.Ordinal));
        Assert.Equal(await File.ReadAllBytesAsync(picture, TestContext.Current.CancellationToken), await BytesAsync(jpeg));
        var table = Encoding.UTF8.GetString(await BytesAsync(zip.GetEntry("image-log.csv")!));
        var lines = table.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("\uFEFFid,", table, StringComparison.Ordinal);
        Assert.Contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\"", table, StringComparison.Ordinal);
        Assert.Contains("\"'@SUM(1)\"", table, StringComparison.Ordinal);
        Assert.Contains("\"'-1+1\"", table, StringComparison.Ordinal);
        Assert.Contains("\"'＝1+1\"", table, StringComparison.Ordinal);
        Assert.Contains("\"plain, \"\"quoted\"\"\"", table, StringComparison.Ordinal);
        Assert.Contains(jpeg.Name, lines[1], StringComparison.Ordinal);
        Assert.Single(zip.Entries, entry => entry.Name == "image-log.csv");
    }

    [Fact]
    public async Task Export_contains_only_ones_own_matching_entries()
    {
        using var owner = await OwnerAsync("filtered", ("203.0.113.5", "wanted"), ("203.0.113.5", "other"));

        var page = await owner.GetAsync("/userdata?Q=wanted");
        var answer = await owner.GetAsync(page.Document.QuerySelector("a[download]")!.GetAttribute("href")!);

        using var zip = new ZipArchive(new MemoryStream(answer.Body));
        var lines = Encoding.UTF8.GetString(await BytesAsync(zip.GetEntry("image-log.csv")!))
            .Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("wanted", Assert.Single(lines.Skip(1)), StringComparison.Ordinal);
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Deleting_works_without_the_file_and_keeps_the_attempt()
    {
        using var owner = await OwnerAsync("deletes", ("203.0.113.5", "to be deleted"));
        var entry = await _app.ReadAsync(
            db => db.ImageLog.AsNoTracking().Where(e => e.LoginAttempt!.UserAgent == "to be deleted").SingleAsync());
        await using (var scope = _app.Services.CreateAsyncScope())
        {
            var store = _app.Pictures;
            var snapshot = store.Save(TestJpeg.Good(entry.At), "cam");
            snapshot.EntryId = entry.Id;
            var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
            db.Add(snapshot);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            File.Delete(store.PathOf(snapshot.FileName));
        }

        var answer = await owner.SubmitAsync($"/delete_log/{entry.Id}", new { });

        Assert.Contains("The entry and its picture were deleted", answer.Main, StringComparison.Ordinal);
        Assert.False(await _app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.EntryId == entry.Id)));
        Assert.True(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.UserAgent == "to be deleted")));
        Assert.Contains(
            "to be deleted",
            await _app.ReadAsync(db => db.LoginAttempts.Where(a => a.Id == entry.LoginAttemptId).Select(a => a.UserAgent)
                .SingleAsync()), StringComparison.Ordinal);
    }

    /// <summary>A signed-in browser of a new owner with failed sign-ins without pictures.</summary>
    private async Task<WebVisitor> OwnerAsync(string name, params (string RemoteAddress, string UserAgent)[] attempts)
    {
        var email = $"{name}@example.org";
        var id = await _app.AddAccountAsync(name, email);
        // Signed in before the failures, since a sign-in after several is an entry, too
        var owner = await _app.VisitAsAsync(email);
        foreach (var (remoteAddress, userAgent) in attempts)
        {
            await _app.FailToSignInAsync(email, remoteAddress, userAgent, isCaptured: false);
            await _app.ReadAsync(
                db => db.Users.Where(a => a.Id == id).ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0)));
        }

        return owner;
    }

    private async Task<string> PictureOfManualCaptureAsync(string email)
    {
        var name = await _app.WaitForAsync(
            db => db.ImageLog.Where(
                e => e.Trigger == CaptureTrigger.Manual && db.Users.Any(a => a.Id == e.OwnerId && a.Email == email))
                .Select(e => e.Snapshot!.FileName).SingleOrDefaultAsync(),
            found => found is not null);
        return _app.Pictures.PathOf(name!);
    }

    private static int Entries(WebAnswer page) => page.Document.QuerySelectorAll("#log > .entry").Length;

    private static List<string> Agents(WebAnswer page) =>
        [.. page.Document.QuerySelectorAll("#log > .entry .agent").Select(agent => agent.TextContent.Trim())];

    private static async Task<byte[]> BytesAsync(ZipArchiveEntry entry)
    {
        await using var stream = await entry.OpenAsync(TestContext.Current.CancellationToken);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        return copy.ToArray();
    }
}
