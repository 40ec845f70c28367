using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>What a new administrator is told to do.</summary>
[Trait("Database", "Both")]
public sealed class FirstStepsTests
{
    [Fact]
    public async Task New_administrator_sees_what_is_left_until_it_is_dismissed()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Camera:Source", "63"));
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);

        var page = await ann.GetAsync("/dashboard");
        Assert.Equal(3, page.Document.QuerySelectorAll(".first-steps .checklist > li:not(.done)").Length);
        Assert.Contains("Choose the camera", page.Main, StringComparison.Ordinal);
        Assert.DoesNotContain(".:", page.Main, StringComparison.Ordinal);
        Assert.Contains("No mail server yet", page.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("First steps", (await bob.GetAsync("/dashboard")).Main, StringComparison.Ordinal);

        var dismissed = await ann.SubmitAsync(page, new { }, "/admin/first_steps?handler=Dismiss");
        Assert.Equal("/dashboard", dismissed.Path);
        Assert.Empty(dismissed.Document.QuerySelectorAll(".first-steps"));
        using var elsewhere = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Empty((await elsewhere.GetAsync("/dashboard")).Document.QuerySelectorAll(".first-steps"));
        Assert.Contains("Choose the camera", (await ann.GetAsync("/admin/first_steps")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_end_with_the_first_test_alert_that_a_mail_server_accepts_and_stay_away()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, server.Settings);
        using var ann = await app.RegisterAnnAsync();
        Assert.Contains("Set up, not tested", (await ann.GetAsync("/dashboard")).Main, StringComparison.Ordinal);

        await ann.SubmitAsync("/dashboard", new { }, "/test_alert");
        await app.WaitForAcceptedAsync(1);

        Assert.StartsWith("Test: ", Assert.Single(server.Mails).Subject, StringComparison.Ordinal);
        Assert.Empty((await ann.GetAsync("/dashboard")).Document.QuerySelectorAll(".first-steps"));
        Assert.NotNull(await app.ReadAsync(db => db.Users.Select(a => a.FirstStepsEndedAt).SingleAsync()));
        Assert.Equal(3, (await ann.GetAsync("/admin/first_steps")).Document.QuerySelectorAll(".checklist > li.done").Length);

        // The next problem is none of a newcomer
        await using var again = await app.StartAgainAsync(null, Household.CheapPasswords, ("Camera:Source", "63"));
        using var later = await again.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Empty((await later.GetAsync("/dashboard")).Document.QuerySelectorAll(".first-steps"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Newcomer_sends_a_test_alert_and_sees_it_arrive(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var name = $"first-steps-{scripts}";
        var email = OpenSmtpd.AddressFor(name);
        var mailServer = await OpenSmtpd.StartAsync(TestContext.Current.CancellationToken);
        await using var app = await SentinelCamApp.StartAsync(mailServer.Settings);
        await using var browser = await Chromium.OpenAsync(app.Address, new BrowserNewContextOptions
        {
            JavaScriptEnabled = scripts,
            ViewportSize = new ViewportSize { Width = 375, Height = 812 },
        });
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync("/register");
        await page.GetByLabel("User name").FillAsync("Ann");
        await page.GetByLabel("Email address").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Register" }).ClickAsync();

        var steps = page.Locator(".checklist");
        await Expect(steps).ToContainTextAsync("Set up, not tested");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send me a test alert" }).ClickAsync();
        var result = page.Locator("#test-alert");
        await Expect(result).ToContainTextAsync("Photographed");
        await Expect(result).ToContainTextAsync($"email to {email}");
        await Expect(result).ToContainTextAsync("Told at");
        var mail = await mailServer.WaitForMailAsync(name);
        Assert.StartsWith("Test: Failed sign-in", mail.Subject, StringComparison.Ordinal);
        Assert.Single(mail.Attachments);

        await page.GotoAsync("/dashboard");
        await Expect(page.Locator("#live, main h1").First).ToBeVisibleAsync();
        await Expect(page.Locator(".first-steps")).ToHaveCountAsync(0);
        Assert.Empty(complaints);
    }
}
