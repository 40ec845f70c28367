using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>What the image log offers, in a real browser, with and without scripts.</summary>
[Trait("Database", "Both")]
public class LogStoryTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pin_and_unpin(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync("/userdata?Trigger=Manual");

        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Pin entry") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Unpin") })).ToBeVisibleAsync();
        Assert.Equal(1, await house.App.ReadAsync(db => db.Snapshots.CountAsync(s => s.Pinned)));
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Unpin") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Pin") })).ToBeVisibleAsync();

        Assert.Equal(0, await house.App.ReadAsync(db => db.Snapshots.CountAsync(s => s.Pinned)));
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task View_a_picture_and_move_to_the_next(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?Trigger=Manual");
        await page.Locator(".entry .picture a").ClickAsync();
        var viewer = page.Locator(".viewer:visible");
        await Expect(viewer.Locator("figure img")).ToBeVisibleAsync();

        await viewer.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(viewer).ToContainTextAsync("Failed sign-in");
        await viewer.GetByRole(AriaRole.Link, new() { Name = "Newer" }).ClickAsync();
        await Expect(viewer).ToContainTextAsync("Captured by you");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Select_two_save_them_and_delete_them(bool scripts)
    {
        var agent = $"To be selected {scripts}";
        for (var i = 0; i < 3; i++)
            await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.40", agent, isCaptured: false);
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        await page.GetByLabel("Search").FillAsync(agent);
        if (!scripts)
            await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(page.Locator("#count")).ToHaveTextAsync("3 entries");
        // The form is replaced a moment after the number
        await Expect(page.Locator("#selection")).ToHaveAttributeAsync("action", new Regex("Q="));

        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Delete selected" })).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Checkbox).Nth(0).CheckAsync();
        await page.GetByRole(AriaRole.Checkbox).Nth(1).CheckAsync();
        if (scripts)
            await Expect(page.Locator("#selection")).ToContainTextAsync("2 selected");
        var download = await page.RunAndWaitForDownloadAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Export selected" }).ClickAsync());
        await using (var zip = await ZipFile.OpenReadAsync(await download.PathAsync(), TestContext.Current.CancellationToken))
        using (var table = new StreamReader(
            await zip.GetEntry("image-log.csv")!.OpenAsync(TestContext.Current.CancellationToken)))
            Assert.Equal(3, (await table.ReadToEndAsync(TestContext.Current.CancellationToken))
                .Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete selected" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Delete 2 entries?" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete 2 entries" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("2 entries were deleted");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");

        await page.GetByRole(AriaRole.Link, new() { Name = "Delete all matches" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete 1 entry" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("1 entry was deleted");
        await Expect(page.Locator("#log")).ToContainTextAsync("Nothing matches");
    }

    [Fact]
    public async Task Selection_survives_when_entries_are_redrawn()
    {
        await using var browser = await house.OpenAsync();
        for (var i = 0; i < 2; i++)
            await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.41", "To be counted", isCaptured: false);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var pictured = page.Locator(
            ".entry", new() { Has = page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Pin entry") }) }).First;
        var id = await pictured.GetAttributeAsync("id");
        await pictured.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Checkbox).First.CheckAsync();
        await Expect(page.Locator("#selection")).ToContainTextAsync("2 selected");

        await pictured.GetByRole(AriaRole.Button, new() { NameRegex = new("^Pin entry") }).ClickAsync();
        await Expect(page.Locator($"#{id} .pinned")).ToBeVisibleAsync();
        await Expect(page.Locator($"#{id}").GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await page.Locator($"#{id}").GetByRole(AriaRole.Button, new() { NameRegex = new("^Unpin") }).ClickAsync();

        await page.Locator(".entry").First.GetByRole(AriaRole.Link, new() { Name = "Delete entry" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete entry" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("The entry and its picture were deleted.");
        await Expect(page.Locator("#selection")).ToContainTextAsync("1 selected");
    }

    [Fact]
    public async Task Keyboard_alone_is_enough_to_keep_and_to_delete_an_entry()
    {
        for (var i = 0; i < 2; i++)
            await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.42", "By keyboard", isCaptured: false);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?Q=By%20keyboard");
        var first = page.Locator(".entry").First;
        await first.GetByRole(AriaRole.Checkbox).CheckAsync();
        await first.GetByRole(AriaRole.Link, new() { Name = "Delete entry" }).FocusAsync();

        await page.Keyboard.PressAsync("Enter");
        await Expect(first.GetByRole(AriaRole.Link, new() { Name = "Keep entry" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(first.GetByRole(AriaRole.Link, new() { Name = "Delete entry" })).ToBeFocusedAsync();
        await Expect(first.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();

        await page.Keyboard.PressAsync("Enter");
        await Expect(first.GetByRole(AriaRole.Link, new() { Name = "Keep entry" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(first.GetByRole(AriaRole.Button, new() { Name = "Delete entry" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".entry")).ToHaveCountAsync(1);
        await Expect(page.Locator("#notice")).ToContainTextAsync("The entry and its picture were deleted.");
        await Expect(first.GetByRole(AriaRole.Link, new() { Name = "Delete entry" })).ToBeFocusedAsync();

        // After the last entry the message of an empty list appears, and the tools disappear
        await page.Keyboard.PressAsync("Enter");
        await first.GetByRole(AriaRole.Button, new() { Name = "Delete entry" }).ClickAsync();
        await Expect(page.Locator("#log")).ToContainTextAsync("Nothing matches");
        await Expect(page.Locator("#count")).ToHaveTextAsync("0 entries");
        await Expect(page.Locator("#selection")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Without_scripts_deleting_keeping_and_pinning_return_to_the_search()
    {
        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.43", "There and back", isCaptured: false);
        await using var browser = await house.OpenAsync(scripts: false);
        var page = await browser.NewPageAsync();
        const string Search = "/userdata?Q=There%20and%20back";
        await page.GotoAsync(Search);

        await page.GetByRole(AriaRole.Link, new() { Name = "Delete entry" }).ClickAsync();
        await Expect(page.Locator(".log .entry")).ToHaveCountAsync(1);
        await Expect(page.Locator(".log .actions")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Keep it" }).ClickAsync();
        await Chromium.ArriveAsync(page, Search);
        await page.GetByRole(AriaRole.Link, new() { Name = "Delete entry" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete entry" }).ClickAsync();
        await Chromium.ArriveAsync(page, Search);
        await Expect(page.Locator("#log")).ToContainTextAsync("Nothing matches");

        await page.GotoAsync("/userdata?Trigger=Manual");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Pin entry") }).First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/userdata\\?Trigger=Manual#entry-\\d+$"));
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Unpin entry") }).First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Unpin entry") })).ToHaveCountAsync(0);

        await page.GotoAsync("/delete_log/1?ReturnUrl=https://elsewhere.example/");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Keep it" })).ToHaveAttributeAsync("href", "/userdata");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Administrator_sees_attempts_on_unknown_accounts(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Whose").SelectOptionAsync("Unknown");
        if (!scripts)
            await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();

        await Expect(page.Locator(".entry")).ToHaveCountAsync(1);
        await Expect(page.Locator(".entry")).ToContainTextAsync("stranger@example.org");
        Assert.Contains("Whose=Unknown", page.Url, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Older_entries_can_be_reached(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        if (scripts)
            await page.Locator("li.older").ScrollIntoViewIfNeededAsync();
        else
            await page.GetByRole(AriaRole.Link, new() { Name = "Older entries" }).ClickAsync();
        await Expect(page.Locator("#entry-1")).ToBeVisibleAsync();
    }
}
