using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Forms with and without htmx, and the token that each needs.</summary>
public class FormTests(Household household) : IClassFixture<Household>
{
    private static readonly (string, string) Htmx = ("HX-Request", "true");
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("/login")]
    [InlineData("/register")]
    [InlineData("/logout")]
    [InlineData("/capture")]
    [InlineData("/delete_log/1")]
    [InlineData("/settings")]
    [InlineData("/settings?handler=Alerts")]
    [InlineData("/settings?handler=Recipient")]
    [InlineData("/settings?handler=RemoveRecipient")]
    [InlineData("/settings/security")]
    [InlineData("/settings/sessions?handler=EndSessions")]
    [InlineData("/settings/data?handler=Export")]
    [InlineData("/settings/data?handler=Delete")]
    [InlineData("/invitation")]
    [InlineData("/admin/accounts?byMail=false&handler=Invite")]
    [InlineData("/admin/accounts?id=2&handler=Revoke")]
    [InlineData("/admin/accounts/2?handler=MakeAdministrator")]
    [InlineData("/admin/accounts/2?handler=UnmakeAdministrator")]
    [InlineData("/admin/accounts/2?handler=Delete")]
    [InlineData("/send_again/1")]
    [InlineData("/send_again/1?handler=Acknowledge")]
    [InlineData("/confirm_recipient")]
    [InlineData("/forgot_password")]
    [InlineData("/reset_password")]
    [InlineData("/confirm_address")]
    [InlineData("/undo_address")]
    [InlineData("/settings/address")]
    [InlineData("/was_it_you")]
    [InlineData("/test_alert")]
    [InlineData("/admin/first_steps?handler=Dismiss")]
    [InlineData("/settings?handler=Device")]
    [InlineData("/admin/device?handler=Assign")]
    [InlineData("/admin/device?handler=Services")]
    [InlineData("/admin/mail?handler=Test")]
    [InlineData("/admin/accounts?id=2&handler=Approve")]
    [InlineData("/admin/accounts?id=2&handler=Suspend")]
    [InlineData("/admin/accounts?id=2&handler=Remove")]
    public async Task Post_without_its_own_sessions_token_is_refused(string path)
    {
        var before = await StateAsync();
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        var strangers = (await household.Nobody.GetAsync("/login")).Token;

        foreach (var token in new[] { null, "", "nonsense", strangers })
        {
            var fields = new Dictionary<string, string>
            {
                ["Email"] = Household.Bobs,
                ["Password"] = "a wrong password",
                ["UserName"] = "Mallory",
            };
            if (token is not null)
                fields["__RequestVerificationToken"] = token;
            var answer = await ann.PostAsync(path, fields);
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.Contains("The request could not be understood", answer.Main, StringComparison.Ordinal);
        }

        Assert.Equal("/dashboard", (await ann.GetAsync("/dashboard")).Path);
        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    public async Task Without_scripts_a_capture_is_started_followed_and_deleted()
    {
        var asked = await household.Bob.SubmitAsync("/dashboard", new { }, "/capture");
        Assert.Equal("/capture", asked.Path);
        Assert.Contains("Queued", asked.Main, StringComparison.Ordinal);
        await WaitForMailAsync(asked);

        var done = await household.Bob.GetAsync(asked.PathAndQuery);
        Assert.Contains("Captured", done.Main, StringComparison.Ordinal);
        Assert.Contains("Emailed", done.Main, StringComparison.Ordinal);
        Assert.Null(done.Document.QuerySelector("meta[http-equiv=refresh]"));

        var question = await household.Bob.GetAsync(done.Document.QuerySelector(".actions a")!.GetAttribute("href")!);
        Assert.Contains("Delete this entry?", question.Main, StringComparison.Ordinal);
        var gone = await household.Bob.SubmitAsync(question, new { });
        Assert.Equal("/userdata", gone.Path);
        Assert.Contains("The entry and its picture were deleted", gone.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("were deleted", (await household.Bob.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await household.Bob.SubmitAsync(question, new { })).Status);
    }

    [Fact]
    public async Task With_htmx_capture_progress_is_a_fragment_that_polls()
    {
        var page = await household.Bob.GetAsync("/capture");
        var form = page.Document.QuerySelector("form[hx-post='/capture']")!;
        Assert.NotNull(page.Document.QuerySelector(form.GetAttribute("hx-target")!));

        var started = await household.Bob.PostAsync("/capture", [new("__RequestVerificationToken", page.Token)], Htmx);
        AssertFragment(started);
        Assert.StartsWith("/capture?id=", started.Headers["HX-Push-Url"], StringComparison.Ordinal);
        await WaitForMailAsync(started);

        var progress = await household.Bob.GetAsync(started.Headers["HX-Push-Url"], Htmx);
        AssertFragment(progress);
        Assert.Contains("Emailed", progress.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hx-get=\"/capture", progress.Text, StringComparison.Ordinal);
        Assert.Equal("HX-Request", progress.Headers["Vary"]);
    }

    [Fact]
    public async Task With_htmx_log_rows_are_a_fragment()
    {
        await _app.FailToSignInAsync(Household.Eves, userAgent: "Rows/1.0", isCaptured: false);

        var rows = await household.Eve.GetAsync("/userdata?Q=Rows", Htmx);

        AssertFragment(rows);
        Assert.Contains("Rows/1.0", rows.Text, StringComparison.Ordinal);
        Assert.Equal("HX-Request", rows.Headers["Vary"]);
        Assert.Equal("HX-Request", (await household.Eve.GetAsync("/userdata")).Headers["Vary"]);
        Assert.Contains("Nothing matches", (await household.Eve.GetAsync("/userdata?Q=nothing-of-the-kind", Htmx)).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_htmx_an_entry_is_deleted_in_place()
    {
        var id = await _app.FailToSignInAsync(Household.Eves, userAgent: "Deleted in place/1.0", isCaptured: false);

        var question = await household.Eve.GetAsync($"/delete_log/{id}", Htmx);
        AssertFragment(question);
        Assert.Equal($"/delete_log/{id}", question.Document.QuerySelector("form")!.GetAttribute("hx-post"));
        var answer = await household.Eve.PostAsync(
            $"/delete_log/{id}", [new("__RequestVerificationToken", question.Token)], Htmx);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        // Nothing takes its place; the notice goes to its usual place
        Assert.Equal("notice", Assert.Single(answer.Document.Body!.Children).Id);
        Assert.Contains("The entry and its picture were deleted.", answer.Text, StringComparison.Ordinal);
        Assert.False(await _app.ReadAsync(db => db.ImageLog.AnyAsync(e => e.Id == id)));
    }

    [Fact]
    public async Task With_htmx_a_signed_out_visitor_is_sent_to_the_full_sign_in_page()
    {
        foreach (var path in new[] { "/userdata", "/capture", "/delete_log/1" })
        {
            var answer = await household.Nobody.GetAsync(path, Htmx);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
            Assert.StartsWith(
                "/login?", new Uri(_app.Address, answer.Headers["HX-Redirect"]).PathAndQuery, StringComparison.Ordinal);
        }
    }

    private static void AssertFragment(WebAnswer answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.StartsWith("text/html", answer.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.DoesNotContain("<html", answer.Text, StringComparison.Ordinal);
    }

    private async Task WaitForMailAsync(WebAnswer progress)
    {
        var path = progress.Headers.TryGetValue("HX-Push-Url", out var pushed) ? pushed : progress.PathAndQuery;
        var id = long.Parse(path.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
        await _app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.EntryId == id && d.AcceptedAt != null), mails => mails == 1);
    }

    private Task<(int, int, int)> StateAsync() => _app.ReadAsync(async db =>
        (await db.LoginAttempts.CountAsync(), await db.ImageLog.CountAsync(),
            await db.Users.CountAsync(a => a.ApprovedAt != null)));
}
