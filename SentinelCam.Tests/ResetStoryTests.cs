using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>An owner who has forgotten the password gets back in, in a real browser, with scripts and without.</summary>
[Trait("Database", "Both")]
public class ResetStoryTests
{
    private const string New = "another horse, another battery";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Owner_who_has_forgotten_the_password_gets_back_in(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, server.Settings);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(
            app.Address, new BrowserNewContextOptions { JavaScriptEnabled = scripts });
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);

        await page.GotoAsync("/login");
        await page.GetByRole(AriaRole.Link, new() { Name = "Forgotten your password?" }).ClickAsync();
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByRole(AriaRole.Button, new() { Name = "Email me a link" }).ClickAsync();
        await Expect(page.Locator("main [role=status] >> text=on its way")).ToBeVisibleAsync();

        var mail = Assert.Single(await server.WaitForAsync(SentinelCamApp.AnnsEmail, "Set a new password"));
        await page.GotoAsync(MailedLink.LinkOf(mail));
        await page.GetByLabel("New password").FillAsync(New);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set the new password" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("Your password was changed");

        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(New);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        Assert.Empty(complaints);

        var used = await page.GotoAsync(MailedLink.LinkOf(mail));
        Assert.Equal(404, used!.Status);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This link has been used");
    }
}
