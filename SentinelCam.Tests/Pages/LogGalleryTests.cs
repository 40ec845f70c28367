using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Data;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>The image log as a gallery, and the actions on selected entries.</summary>
[Trait("Database", "Both")]
public class LogGalleryTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chosen_layout_is_remembered_and_the_search_stays(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync("/userdata");
        await page.GetByLabel("Search", new() { Exact = true }).FillAsync("Visitor/1");
        if (scripts)
            await Expect(page.Locator("#selection")).ToHaveAttributeAsync(
                "action", new System.Text.RegularExpressions.Regex("Q="));
        else
            await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(page.Locator(".tile")).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Button, new() { Name = "Gallery", Exact = true }).ClickAsync();
        await Chromium.ArriveAsync(page, "/userdata?Q=Visitor%2F1");
        await Expect(page.Locator(".gallery > .tile")).ToHaveCountAsync(11);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Gallery", Pressed = true })).ToBeVisibleAsync();

        await page.GotoAsync("/userdata");
        await Expect(page.Locator(".gallery > .tile").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "List", Exact = true }).ClickAsync();
        await page.GotoAsync("/userdata");
        await Expect(page.Locator(".entry .facts").First).ToBeVisibleAsync();
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Layout_belongs_to_the_person_and_not_to_the_browser()
    {
        await house.App.AddAccountAsync("Fay", "fay@example.org");
        using var visitor = await house.App.VisitAsAsync(SentinelCamApp.AnnsEmail);
        await visitor.SubmitAsync("/userdata", new { View = nameof(LogLayout.Gallery) });
        Assert.NotNull((await visitor.GetAsync("/userdata")).Document.QuerySelector("#log.gallery"));

        await visitor.SignOutAsync();
        await visitor.SignInAsync("fay@example.org", SentinelCamApp.Password);
        Assert.Null((await visitor.GetAsync("/userdata")).Document.QuerySelector("#log.gallery"));
        await visitor.SignOutAsync();
        await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        Assert.NotNull((await visitor.GetAsync("/userdata")).Document.QuerySelector("#log.gallery"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gallery_has_the_same_entries_filters_and_days_and_opens_pictures(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?View=Gallery&Trigger=Manual");
        await Expect(page.Locator("#log > .day")).ToHaveCountAsync(1);
        await Expect(page.Locator(".tile")).ToHaveCountAsync(1);
        await Expect(page.Locator(".tile p")).ToHaveTextAsync(
            new System.Text.RegularExpressions.Regex(@"^\s*\d\d:\d\d\s+Captured by you\s*$"));

        await page.Locator(".tile .picture a").ClickAsync();
        var viewer = page.Locator(".viewer:visible");
        await Expect(viewer.Locator("figure img")).ToBeVisibleAsync();
        await viewer.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(viewer).ToContainTextAsync("Failed sign-in");
    }

    [Fact]
    public async Task Gallery_continues_with_tiles_and_shows_what_changes_in_the_viewer()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync("/userdata?View=Gallery");
        await page.Locator("li.older").ScrollIntoViewIfNeededAsync();
        await Expect(page.Locator("#entry-1.tile")).ToBeVisibleAsync();
        Assert.Equal(0, await page.Locator(".entry:not(.tile)").CountAsync());
        var days = await page.Locator("#log > .day").AllTextContentsAsync();
        Assert.Equal(days.Distinct(), days);

        var id = await house.App.ReadAsync(
            db => db.ImageLog.Where(e => e.Trigger == CaptureTrigger.Manual).MinAsync(e => e.Id));
        await page.Locator($"#entry-{id}").GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.Locator($"#view-{id}").ClickAsync();
        await page.Locator("#viewer").GetByRole(AriaRole.Button, new() { Name = "Pin", Exact = true }).ClickAsync();
        await Expect(page.Locator($"#entry-{id}.tile .pinned")).ToBeVisibleAsync();
        await Expect(page.Locator($"#entry-{id}").GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await page.Locator("#viewer").GetByRole(AriaRole.Button, new() { Name = "Unpin", Exact = true }).ClickAsync();
        await Expect(page.Locator($"#entry-{id}.tile .pinned")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator($"#view-{id}")).ToBeFocusedAsync();
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData(LogLayout.List, true)]
    [InlineData(LogLayout.List, false)]
    [InlineData(LogLayout.Gallery, true)]
    [InlineData(LogLayout.Gallery, false)]
    public async Task Actions_show_only_while_something_is_selected_and_move_nothing(LogLayout layout, bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.SetViewportSizeAsync(375, 812);
        await page.GotoAsync($"/userdata?View={layout}");
        var delete = page.GetByRole(AriaRole.Button, new() { Name = "Delete selected" });
        await Expect(delete).ToBeHiddenAsync();
        var entry = page.Locator(".entry").First;
        var before = (await entry.BoundingBoxAsync())!;

        await entry.GetByRole(AriaRole.Checkbox).CheckAsync();
        await Expect(delete).ToBeInViewportAsync(new() { Ratio = 1 });
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Export selected" }))
            .ToBeInViewportAsync(new() { Ratio = 1 });
        var after = (await entry.BoundingBoxAsync())!;
        Assert.Equal((before.X, before.Y, before.Width), (after.X, after.Y, after.Width));
        // The bar covers neither the last entry nor what has the focus
        // Scrolling to the end loads more, so it may take several turns
        await Eventually.TrueAsync(() => page.EvaluateAsync<bool>("""
            (() => {
              scrollTo(0, document.documentElement.scrollHeight);
              return document.querySelector("#log > :last-child").getBoundingClientRect().bottom
                <= document.querySelector("#selection").getBoundingClientRect().top;
            })()
            """));

        await entry.GetByRole(AriaRole.Checkbox).UncheckAsync();
        await Expect(delete).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Where_the_actions_are_always_shown_nothing_selected_is_explained()
    {
        var answer = await house.Ann.SubmitAsync("/userdata", new { }, "/delete_log?handler=Ask");

        Assert.Contains("Select entries first", answer.Main, StringComparison.Ordinal);
    }
}
