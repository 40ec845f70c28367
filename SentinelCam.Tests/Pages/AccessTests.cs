using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Who sees what.</summary>
[Trait("Database", "Both")]
public class AccessTests(AccessTests.HouseholdWithPicture household) : IClassFixture<AccessTests.HouseholdWithPicture>
{
    private const string Public = "/", Strangers = "/dashboard", SignedIn = "/login", Administrators = "403";

    [Theory]
    [InlineData("/", Public)]
    [InlineData("/login", Strangers)]
    [InlineData("/register", Strangers)]
    [InlineData("/logout", Public)]
    [InlineData("/healthz", Public)]
    [InlineData("/favicon.svg", Public)]
    [InlineData("/dashboard", SignedIn)]
    [InlineData("/alerts", SignedIn)]
    [InlineData("/capture", SignedIn)]
    [InlineData("/test_alert", SignedIn)]
    [InlineData("/userdata", SignedIn)]
    [InlineData("/settings", SignedIn)]
    [InlineData("/settings/security", SignedIn)]
    [InlineData("/settings/sessions", SignedIn)]
    [InlineData("/settings/second_factor", SignedIn)]
    [InlineData("/settings/passkeys", SignedIn)]
    [InlineData("/settings/address", SignedIn)]
    [InlineData("/settings/activity", SignedIn)]
    [InlineData("/forgot_password", Public)]
    [InlineData("/userdata?handler=Export", SignedIn)]
    [InlineData("/admin/accounts", Administrators)]
    [InlineData("/admin/activity", Administrators)]
    [InlineData("/admin/activity?handler=Export&format=Csv", Administrators)]
    [InlineData("/settings/data", SignedIn)]
    [InlineData("/admin/accounts/1", Administrators)]
    [InlineData("/admin/second_factor", Administrators)]
    [InlineData("/admin/camera", Administrators)]
    [InlineData("/admin/device", Administrators)]
    [InlineData("/admin/mail", Administrators)]
    [InlineData("/admin/nodes", Administrators)]
    [InlineData("/admin/first_steps", Administrators)]
    [InlineData("/hangfire", Administrators)]
    [InlineData("/hangfire/jobs/succeeded", Administrators)]
    [InlineData("/hangfire/recurring", Administrators)]
    [InlineData("/hangfire/servers", Administrators)]
    public async Task Each_page_opens_only_for_its_audience(string path, string audience)
    {
        var nobodys = await household.Nobody.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, nobodys.Status);
        var isOpen = audience is Public or Strangers;
        Assert.Equal(isOpen ? path : "/login", isOpen ? nobodys.PathAndQuery : nobodys.Path);

        var bobs = await household.Bob.GetAsync(path);
        Assert.Equal(audience == Administrators ? HttpStatusCode.Forbidden : HttpStatusCode.OK, bobs.Status);
        Assert.Equal(audience == Strangers ? "/dashboard" : path, bobs.PathAndQuery);

        Assert.Equal(HttpStatusCode.OK, (await household.Ann.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Refused_page_is_a_line_of_the_log()
    {
        await household.Bob.GetAsync("/admin/camera");

        Assert.Matches("WRN \"GET\" \"/admin/camera\" was refused to account [0-9]+", household.App.Log());
    }

    [Fact]
    public async Task Owner_gets_the_picture_and_its_thumbnail()
    {
        var picture = await household.Bob.GetAsync($"/snapshots/{household.Snapshot.Id}");
        Assert.Equal("image/jpeg", picture.Headers["Content-Type"]);
        Assert.Equal(household.Snapshot.Bytes, picture.Body.Length);
        Assert.Contains("private", picture.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Equal("nosniff", picture.Headers["X-Content-Type-Options"]);

        var small = await household.Bob.GetAsync($"/snapshots/{household.Snapshot.Id}?size=thumb");
        Assert.Equal("image/jpeg", small.Headers["Content-Type"]);
        Assert.Equal(household.Snapshot.HasThumbnail, small.Body.Length < picture.Body.Length);
    }

    [Theory]
    [InlineData("/snapshots/{0}")]
    [InlineData("/snapshots/{0}?size=thumb")]
    [InlineData("/delete_log/{1}")]
    [InlineData("/capture?id={1}")]
    [InlineData("/alerts/{2}")]
    [InlineData("/alerts/{2}?handler=Export")]
    public async Task Other_peoples_entries_look_like_missing_ones(string route)
    {
        var path = Fill(route, household.Snapshot.Id, household.Snapshot.EntryId!.Value, household.AlertId);
        Assert.Equal(HttpStatusCode.OK, (await household.Bob.GetAsync(path)).Status);

        foreach (var other in new[] { household.Eve, household.Ann })
        {
            var theirs = await other.GetAsync(path);
            var missing = await other.GetAsync(Fill(route, 987_654, 987_654, 987_654));
            Assert.Equal(HttpStatusCode.NotFound, theirs.Status);
            Assert.Equal(missing.Status, theirs.Status);
            Assert.Equal(missing.Neutral, theirs.Neutral);
            Assert.Equal(missing.Headers.Keys.Order(), theirs.Headers.Keys.Order());
        }

        Assert.Equal("/login", (await household.Nobody.GetAsync(path)).Path);
    }

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("one")]
    public async Task A_capture_id_that_is_not_a_number_is_not_found(string id) =>
        Assert.Equal(HttpStatusCode.NotFound, (await household.Bob.GetAsync($"/capture?id={id}")).Status);

    [Fact]
    public async Task Nobody_deletes_other_peoples_entries()
    {
        var path = $"/delete_log/{household.Snapshot.EntryId}";
        foreach (var other in new[] { household.Eve, household.Ann })
        {
            var token = (await other.GetAsync("/userdata")).Token;
            var theirs = await other.PostAsync(path, [new("__RequestVerificationToken", token)]);
            var missing = await other.PostAsync("/delete_log/987654", [new("__RequestVerificationToken", token)]);
            Assert.Equal(HttpStatusCode.NotFound, theirs.Status);
            Assert.Equal(missing.Neutral, theirs.Neutral);
        }

        var nobodys = await household.Nobody.PostAsync(
            path, [new("__RequestVerificationToken", (await household.Nobody.GetAsync("/login")).Token)]);
        Assert.Equal("/login", nobodys.Path);
        Assert.True(await household.App.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == household.Snapshot.EntryId)));
    }

    [Fact]
    public async Task Lists_show_only_ones_own_entries_and_administrators_see_unknown_accounts()
    {
        await household.App.FailToSignInAsync("stranger@example.org", userAgent: "Stranger/1.0", isCaptured: false);

        Assert.Contains("Bobs visitor", (await household.Bob.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        foreach (var page in new[] { "/userdata", "/dashboard" })
        {
            Assert.DoesNotContain("Bobs visitor", (await household.Eve.GetAsync(page)).Main, StringComparison.Ordinal);
            Assert.DoesNotContain("Bobs visitor", (await household.Ann.GetAsync(page)).Main, StringComparison.Ordinal);
            Assert.DoesNotContain("Stranger", (await household.Bob.GetAsync(page)).Main, StringComparison.Ordinal);
        }

        Assert.Contains("Stranger/1.0", (await household.Ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Contains("stranger@example.org", (await household.Ann.GetAsync("/dashboard")).Main, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/settings", "Your alerts go to bob@example.org")]
    [InlineData("/settings/security", "You sign in with bob@example.org")]
    [InlineData("/settings/address", "You sign in with bob@example.org, and your alerts go there")]
    [InlineData("/settings/sessions", "These browsers are signed in as bob@example.org")]
    [InlineData("/settings/activity", "What happened to your account")]
    [InlineData("/settings/data", "everything that is stored about bob@example.org")]
    public async Task Each_page_of_the_settings_says_what_is_set_and_leads_to_the_others(string path, string set)
    {
        var page = await household.Bob.GetAsync(path);

        Assert.Contains(set, page.Main, StringComparison.Ordinal);
        var links = page.Document.QuerySelectorAll("nav[aria-label=Settings] a");
        Assert.Equal(
            [
                "/settings", "/settings/security", "/settings/address", "/settings/sessions", "/settings/activity",
                "/settings/data",
            ],
            links.Select(link => link.GetAttribute("href")));
        Assert.Equal(path, Assert.Single(links, link => link.GetAttribute("aria-current") == "page").GetAttribute("href"));
    }

    [Theory]
    [InlineData("/settings")]
    [InlineData("/settings/sessions")]
    [InlineData("/settings/data")]
    public async Task A_form_that_a_page_of_the_settings_does_not_have_changes_nothing(string path)
    {
        var token = (await household.Eve.GetAsync(path)).Token;

        var answer = await household.Eve.PostAsync(
            path, [new("__RequestVerificationToken", token), new("New", "another horse, another battery")]);

        Assert.Equal(path, answer.Path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.DoesNotContain("changed", answer.Main, StringComparison.Ordinal);
        using var eve = await household.App.VisitAsAsync(Household.Eves);
    }

    [Theory]
    [InlineData("/data/sentinelcam.db")]
    [InlineData("/snapshots/")]
    [InlineData("/snapshots/..%2f..%2fsentinelcam.db")]
    [InlineData("/snapshots/1.jpg")]
    [InlineData("/admin/mail/..%2f..%2fsentinelcam.db")]
    [InlineData("/admin/mail/.hidden.eml")]
    [InlineData("/admin/mail/missing.eml?handler=File")]
    [InlineData("/settings/nothing")]
    [InlineData("/userdata/nothing")]
    public async Task Unknown_addresses_are_not_found_even_for_the_administrator(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, (await household.Ann.GetAsync(path)).Status);

    [Fact]
    public async Task Removed_account_is_signed_out()
    {
        await household.App.AddAccountAsync("Zoe", "zoe@example.org");
        using var zoe = await household.App.VisitAsAsync("zoe@example.org");
        await household.App.ReadAsync(db => db.Users.Where(a => a.Email == "zoe@example.org").ExecuteDeleteAsync());

        Assert.Equal("/login", (await zoe.GetAsync("/dashboard")).Path);
    }

    private static string Fill(string route, long snapshot, long entry, long alert) =>
        string.Format(System.Globalization.CultureInfo.InvariantCulture, route, snapshot, entry, alert);

    public sealed class HouseholdWithPicture : Household
    {
        /// <summary>Bob's.</summary>
        public Snapshot Snapshot { get; private set; } = null!;

        /// <summary>Bob's alert with that picture.</summary>
        public long AlertId { get; private set; }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var entryId = await App.FailToSignInAsync(Bobs, userAgent: "Bobs visitor");
            await App.WaitForAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Taken), taken => taken == 1);
            Snapshot = await App.ReadAsync(db => db.Snapshots.AsNoTracking().SingleAsync(s => s.EntryId == entryId));
            AlertId = await App.ReadAsync(db => db.Alerts.Select(a => a.Id).SingleAsync());
        }
    }
}
