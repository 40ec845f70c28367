using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>The main navigation, in a real browser.</summary>
public class NavigationTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private static readonly string[] Hidden = ["Accounts", "Camera", "Device", "Mail", "Jobs", "Settings"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Navigation_is_one_line_on_a_phone_and_its_menu_leads_to_every_other_page(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.SetViewportSizeAsync(375, 812);
        await page.GotoAsync("/dashboard");
        var bar = page.Locator("header nav");
        foreach (var name in Hidden)
            await Expect(bar.GetByRole(AriaRole.Link, new() { Name = name, Exact = true })).ToBeHiddenAsync();
        var shown = bar.Locator("a:visible, summary");
        await Expect(shown).ToHaveTextAsync(["SentinelCam", "Dashboard3 new alerts", "Image log", "Capture", "Menu"]);
        foreach (var item in await shown.AllAsync())
        {
            var box = (await item.BoundingBoxAsync())!;
            Assert.InRange(box.Y + box.Height, 0, 64);
            Assert.InRange(box.X + box.Width, 0, 375);
            Assert.True(box is { Width: >= 24, Height: >= 24 }, await item.InnerTextAsync());
        }

        await bar.GetByText("Menu").ClickAsync();
        foreach (var name in Hidden)
        {
            var box = (await bar.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).BoundingBoxAsync())!;
            Assert.InRange(box.X, 0, 375 - box.Width);
            Assert.InRange(box.Y, 0, 812 - box.Height);
        }

        if (scripts)
            Assert.Empty((await page.RunAxe()).Violations.Select(violation => violation.Id));
        await bar.GetByRole(AriaRole.Link, new() { Name = "Mail" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Mail", Level = 1 })).ToBeVisibleAsync();
        await Expect(bar.GetByText("Menu")).ToHaveAttributeAsync("aria-current", "true");
    }

    [Fact]
    public async Task Keyboard_alone_opens_and_closes_the_menu()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var menu = page.Locator("header nav").GetByText("Menu");
        var accounts = page.GetByRole(AriaRole.Link, new() { Name = "Accounts" });
        await menu.FocusAsync();

        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        await Expect(accounts).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(accounts).ToBeHiddenAsync();
        await Expect(menu).ToBeFocusedAsync();

        await page.Keyboard.PressAsync("Space");
        await Expect(accounts).ToBeVisibleAsync();
        // Leaving the menu closes it, so that it covers nothing that has the focus
        await page.Keyboard.PressAsync("Shift+Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Capture", Exact = true })).ToBeFocusedAsync();
        await Expect(accounts).ToBeHiddenAsync();

        await menu.ClickAsync();
        await Expect(accounts).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).ClickAsync();
        await Expect(accounts).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Owners_are_not_offered_the_administrators_pages()
    {
        await house.App.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await house.App.VisitAsAsync(Household.Bobs);
        var links = (await bob.GetAsync("/dashboard")).Document.QuerySelectorAll("header nav a")
            .Select(link => link.TextContent.Trim());
        Assert.Equal(["SentinelCam", "Dashboard", "Image log", "Capture", "Settings"], links);
    }
}
