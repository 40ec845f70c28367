using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Security headers, and hostile text on pages.</summary>
public class SafePageTests(Household household) : IClassFixture<Household>
{
    private const string Hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}&lt;";
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("/")]
    [InlineData("/login")]
    [InlineData("/register")]
    [InlineData("/logout")]
    [InlineData("/dashboard")]
    [InlineData("/alerts")]
    [InlineData("/capture")]
    [InlineData("/userdata")]
    [InlineData("/settings")]
    [InlineData("/settings/security")]
    [InlineData("/settings/sessions")]
    [InlineData("/settings/address")]
    [InlineData("/settings/activity")]
    [InlineData("/settings/data")]
    [InlineData("/invitation")]
    [InlineData("/forgot_password")]
    [InlineData("/reset_password")]
    [InlineData("/confirm_address")]
    [InlineData("/undo_address")]
    [InlineData("/admin/accounts")]
    [InlineData("/admin/activity")]
    [InlineData("/admin/accounts/1")]
    [InlineData("/admin/camera")]
    [InlineData("/admin/mail")]
    [InlineData("/no-such-page")]
    public async Task Pages_forbid_inline_scripts_and_styles_and_have_none(string path)
    {
        await _app.FailToSignInAsync(SentinelCamApp.AnnsEmail, isCaptured: false);
        var answer = await (path is "/login" or "/register" ? household.Nobody : household.Ann).GetAsync(path);

        Assert.Equal(path, answer.Path);
        var policy = answer.Headers["Content-Security-Policy"];
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("form-action 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("DENY", answer.Headers["X-Frame-Options"]);
        var hasSecret = path is "/reset_password" or "/confirm_address" or "/undo_address" or "/invitation";
        Assert.Equal(hasSecret ? "no-referrer" : "same-origin",
            answer.Headers["Referrer-Policy"]);
        Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.False(answer.Headers.ContainsKey("Server"));

        Assert.All(answer.Document.Scripts,
            script => Assert.StartsWith("/", script.GetAttribute("src"), StringComparison.Ordinal));
        Assert.Empty(answer.Document.QuerySelectorAll("style, [style]"));
        Assert.DoesNotContain(answer.Document.All.SelectMany(element => element.Attributes),
            attribute => attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        Assert.All(answer.Document.QuerySelectorAll("[src], link[href]"), element =>
            Assert.StartsWith("/", element.GetAttribute("src") ?? element.GetAttribute("href"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Visitors_hostile_text_is_shown_as_text_on_every_page()
    {
        const string Account = "o'neil&{co}`x`@example.org";
        // From a new address, so that it is mailed at once
        var id = await _app.FailToSignInAsync(Account, "203.0.113.66", Hostile);
        await _app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.EntryId == id && d.AcceptedAt != null), mails => mails == 1);

        var alert = await _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == id).Select(e => e.AlertId).SingleAsync());
        foreach (var path in new[] { "/userdata", "/dashboard", $"/alerts/{alert}", $"/delete_log/{id}",
            "/userdata?Q=" + Uri.EscapeDataString("<script>") })
        {
            var answer = await household.Ann.GetAsync(path);
            // The dashboard does not say what a browser calls itself
            Assert.Equal(path != "/dashboard", answer.Main.Contains(Hostile, StringComparison.Ordinal));
            Assert.Contains(Account, answer.Main, StringComparison.Ordinal);
            AssertNothingInjected(answer);
        }

        var mail = Path.GetFileName(Directory.GetFiles(Path.Combine(_app.DataDirectory, "outbox"))
            .Single(path => File.ReadAllText(path).Contains("neil", StringComparison.Ordinal)));
        var shown = await household.Ann.GetAsync($"/admin/mail/{mail}");
        Assert.Contains("<script>alert(1)</script>", shown.Main, StringComparison.Ordinal);
        AssertNothingInjected(shown);
    }

    [Fact]
    public async Task Hostile_text_in_a_form_comes_back_as_text()
    {
        using var visitor = _app.Visit();
        var signIn = await visitor.SignInAsync(Hostile, "a wrong password");
        Assert.Equal(Hostile, signIn.Document.QuerySelector("#Email")!.GetAttribute("value"));
        AssertNothingInjected(signIn);

        var register = await visitor.RegisterAsync(Hostile[..40], Hostile, "short");
        Assert.Equal(Hostile[..40], register.Document.QuerySelector("#UserName")!.GetAttribute("value"));
        AssertNothingInjected(register);

        var search = await household.Bob.GetAsync("/userdata?Q=" + Uri.EscapeDataString(Hostile));
        Assert.Equal(Hostile, search.Document.QuerySelector("#Q")!.GetAttribute("value"));
        AssertNothingInjected(search);
    }

    [Fact]
    public async Task Hostile_user_name_is_shown_as_text_to_the_administrator()
    {
        using var visitor = _app.Visit();
        await visitor.RegisterAsync("<b onclick=alert(1)>Zed</b>\"'", "zed@example.org", SentinelCamApp.Password);

        var page = await household.Ann.GetAsync("/admin/accounts");

        Assert.Contains("<b onclick=alert(1)>Zed</b>\"'", page.Main, StringComparison.Ordinal);
        AssertNothingInjected(page);
    }

    [Fact]
    public async Task Health_is_plain_text_with_details_for_administrators_only()
    {
        foreach (var visitor in new[] { household.Nobody, household.Bob })
        {
            var answer = await visitor.GetAsync("/healthz");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.StartsWith("text/plain", answer.Headers["Content-Type"], StringComparison.Ordinal);
            Assert.Equal("healthy\n", answer.Text);
        }

        var details = (await household.Ann.GetAsync("/healthz")).Text;
        Assert.StartsWith($"healthy\nversion: {ProductVersion.Text}\ndatabase: ok\njobs: ok\n", details.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
        Assert.Contains("mail: the outbox", details, StringComparison.Ordinal);
    }

    private static void AssertNothingInjected(WebAnswer answer)
    {
        Assert.All(answer.Document.Scripts,
            script => Assert.StartsWith("/", script.GetAttribute("src"), StringComparison.Ordinal));
        Assert.Null(answer.Document.QuerySelector("img[src=x], b[onclick]"));
    }
}
