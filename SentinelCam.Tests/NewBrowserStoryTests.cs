using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>Somebody signs in with a stolen password, and the owner ends it from the mail, in a real browser.</summary>
[Trait("Database", "Both")]
public partial class NewBrowserStoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Owner_ends_a_sign_in_from_a_new_browser_with_the_link_in_the_mail(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync(("Site:PublicUrl", "https://cam.example.org"));
        (await app.RegisterAnnAsync()).Dispose();
        var options = new BrowserNewContextOptions { JavaScriptEnabled = scripts };
        await using var stolen = await Chromium.OpenAsync(app.Address, options);
        await using var own = await Chromium.OpenAsync(app.Address, options);
        var (there, here) = (await stolen.NewPageAsync(), await own.NewPageAsync());

        await there.GotoAsync("/login");
        await there.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await there.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await there.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(there.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        await app.WaitForAcceptedAsync(1);
        await there.GotoAsync("/dashboard");
        await Expect(there.Locator("#latest .alert").First).ToContainTextAsync("Sign-in from a new browser");

        await here.GotoAsync(new Uri(Link().Match(Assert.Single(app.Mails()).TextBody!).Value).PathAndQuery);
        await Expect(here.Locator("main")).ToContainTextAsync("There was a sign-in from a new browser");
        await here.GetByRole(AriaRole.Button, new() { Name = "No, it was not me" }).ClickAsync();
        await Expect(here.Locator("main")).ToContainTextAsync("The browser was signed out");

        await there.GetByRole(AriaRole.Link, new() { Name = "Image log", Exact = true }).ClickAsync();
        await Expect(there.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        // The person who reads the mail is led to changing the password
        await here.GetByRole(AriaRole.Link, new() { Name = "Sign in and change your password" }).ClickAsync();
        await Expect(here.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [GeneratedRegex(@"https://\S+/was_it_you\?token=\S+")]
    private static partial Regex Link();
}
