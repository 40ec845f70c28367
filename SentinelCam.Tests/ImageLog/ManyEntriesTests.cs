using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.ImageLog;

/// <summary>Pins, and actions on many entries at once.</summary>
[Trait("Database", "Both")]
public class ManyEntriesTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Selection_deletes_and_exports_only_ones_own_entries()
    {
        var bobs = await _app.FailToSignInAsync(Household.Bobs, userAgent: "Bobs own", isCaptured: false);
        var eves = await _app.FailToSignInAsync(Household.Eves, userAgent: "Eves own", isCaptured: false);
        var page = await household.Eve.GetAsync("/userdata");
        KeyValuePair<string, string>[] both = [
            new("__RequestVerificationToken", page.Token), new("Ids", $"{bobs}"), new("Ids", $"{eves}")];

        var export = await household.Eve.PostAsync("/userdata?handler=Export", both);
        var table = await TextAsync(export, "image-log.csv");
        Assert.Contains("Eves own", table, StringComparison.Ordinal);
        Assert.DoesNotContain("Bobs own", table, StringComparison.Ordinal);
        var asked = await household.Eve.PostAsync("/delete_log?handler=Ask", both);
        Assert.Contains("Delete 1 entry?", asked.Main, StringComparison.Ordinal);
        var answer = await household.Eve.PostAsync("/delete_log", both);

        Assert.Contains("1 entry was deleted", answer.Main, StringComparison.Ordinal);
        Assert.True(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == bobs)));
        Assert.False(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == eves)));
        Assert.Equal(HttpStatusCode.BadRequest, (await household.Eve.PostAsync("/delete_log", [new("Ids", $"{eves}")])).Status);
    }

    [Fact]
    public async Task Deleting_all_matches_spares_entries_that_arrived_after_the_question()
    {
        for (var i = 0; i < 30; i++)
            await _app.FailToSignInAsync(Household.Bobs, userAgent: "Crowd/1.0", isCaptured: false);
        var asked = await household.Bob.GetAsync("/delete_log?Q=Crowd");
        Assert.Contains("Delete 30 entries?", asked.Main, StringComparison.Ordinal);
        var late = await _app.FailToSignInAsync(Household.Bobs, userAgent: "Crowd/1.0 late", isCaptured: false);

        var answer = await household.Bob.SubmitAsync(asked, new { });

        Assert.Equal("/userdata?Q=Crowd", answer.PathAndQuery);
        Assert.Contains("30 entries were deleted", answer.Main, StringComparison.Ordinal);
        Assert.Equal(
            [late], await _app.ReadAsync(
                db => db.ImageLog.Where(e => e.LoginAttempt!.UserAgent.StartsWith("Crowd")).Select(e => e.Id).ToListAsync()));
        Assert.Equal("/userdata", (await household.Bob.GetAsync("/delete_log?Q=no-such-thing")).Path);
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Pinned_picture_survives_retention_until_it_is_unpinned()
    {
        var id = await _app.FailToSignInAsync(Household.Eves, userAgent: "Kept", isCaptured: false);
        await AddPictureAsync(id);
        var token = new KeyValuePair<string, string>(
            "__RequestVerificationToken", (await household.Eve.GetAsync("/userdata")).Token);
        var bobsToken = new KeyValuePair<string, string>(
            "__RequestVerificationToken", (await household.Bob.GetAsync("/capture")).Token);
        Assert.Equal(HttpStatusCode.NotFound,
            (await household.Bob.PostAsync($"/userdata/{id}?handler=Pin&pinned=true", [bobsToken])).Status);

        var row = await household.Eve.PostAsync($"/userdata/{id}?handler=Pin&pinned=true", [token], ("HX-Request", "true"),
            ("HX-Target", $"entry-{id}"), ("HX-Current-URL", $"{_app.Address}userdata"));
        Assert.Contains("Unpin", row.Text, StringComparison.Ordinal);
        Assert.StartsWith("<li", row.Text.TrimStart(), StringComparison.Ordinal);
        await RunRetentionAsync();
        Assert.True(await _app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.EntryId == id)));

        await household.Eve.PostAsync($"/userdata/{id}?handler=Pin&pinned=false", [token]);
        // While its alert is open, a mail may still need the picture
        await _app.ReadAsync(db => db.Alerts.Where(a => db.ImageLog.Any(e => e.Id == id && e.AlertId == a.Id))
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, a => a.OpenedAt)));
        await RunRetentionAsync();
        Assert.False(await _app.ReadAsync(db => db.Snapshots.AnyAsync(s => s.EntryId == id)));
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Export_contains_the_same_entries_as_JSON()
    {
        var id = await _app.FailToSignInAsync(Household.Bobs, "203.0.113.9", "</script><b>Json</b>", isCaptured: false);
        await AddPictureAsync(id);

        var answer = await household.Bob.GetAsync("/userdata?handler=Export&Q=Json");

        using var json = JsonDocument.Parse(await TextAsync(answer, "image-log.json"));
        var entry = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal(id, entry.GetProperty("id").GetInt64());
        Assert.Equal("</script><b>Json</b>", entry.GetProperty("userAgent").GetString());
        using var zip = new ZipArchive(new MemoryStream(answer.Body));
        Assert.NotNull(zip.GetEntry(entry.GetProperty("pictures")[0].GetProperty("file").GetString()!));
    }

    private async Task AddPictureAsync(long entryId)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        // Older than the retention allows
        var snapshot = _app.Pictures.Save(TestJpeg.Good(household.Clock.GetUtcNow().AddDays(-400)), "cam");
        snapshot.EntryId = entryId;
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        db.Add(snapshot);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task RunRetentionAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        await ActivatorUtilities.GetServiceOrCreateInstance<RetentionJob>(scope.ServiceProvider)
            .RunAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> TextAsync(WebAnswer answer, string name)
    {
        Assert.Equal("application/zip", answer.Headers["Content-Type"]);
        using var zip = new ZipArchive(new MemoryStream(answer.Body));
        using var reader = new StreamReader(await zip.GetEntry(name)!.OpenAsync(TestContext.Current.CancellationToken));
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
