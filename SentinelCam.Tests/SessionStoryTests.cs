using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>Someone signs out a browser that they left behind, in a real browser, with scripts and without.</summary>
[Trait("Database", "Both")]
public class SessionStoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Browser_that_was_signed_out_from_elsewhere_is_led_to_the_sign_in_page_and_back(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        var options = new BrowserNewContextOptions { JavaScriptEnabled = scripts };
        await using var left = await Chromium.OpenAsync(app.Address, options);
        await using var own = await Chromium.OpenAsync(app.Address, options);
        var (there, here) = (await left.NewPageAsync(), await own.NewPageAsync());
        await SignInAsync(there);
        await SignInAsync(here);

        await here.GotoAsync("/settings/sessions");
        await Expect(here.Locator(".sessions li")).ToHaveCountAsync(3);
        await Expect(here.Locator(".sessions li").First).ToContainTextAsync("(this browser)");
        // The one that signed in last, besides this one
        await here.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Sign out .*Chrome") }).First.ClickAsync();
        await Expect(here.Locator("#notice")).ToContainTextAsync("The browser was signed out");
        await Expect(here.Locator(".sessions li")).ToHaveCountAsync(2);

        await there.GetByRole(AriaRole.Link, new() { Name = "Image log", Exact = true }).ClickAsync();
        await Expect(there.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await FillAsync(there);
        await Expect(there.GetByRole(AriaRole.Heading, new() { Name = "Image log" })).ToBeVisibleAsync();
    }

    private static async Task SignInAsync(IPage page)
    {
        await page.GotoAsync("/login");
        await FillAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
    }

    private static async Task FillAsync(IPage page)
    {
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
