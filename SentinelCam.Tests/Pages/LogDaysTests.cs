using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.ImageLog;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>The image log's first screen on a phone, its days and its filters.</summary>
[Trait("Database", "Both")]
public class LogDaysTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    [Theory]
    [InlineData(375, 812, LogLayout.List, true)]
    [InlineData(375, 812, LogLayout.List, false)]
    [InlineData(375, 812, LogLayout.Gallery, true)]
    [InlineData(375, 812, LogLayout.Gallery, false)]
    [InlineData(1280, 800, LogLayout.List, true)]
    [InlineData(1280, 800, LogLayout.List, false)]
    [InlineData(1280, 800, LogLayout.Gallery, true)]
    [InlineData(1280, 800, LogLayout.Gallery, false)]
    public async Task First_entry_is_on_the_first_screen(int width, int height, LogLayout layout, bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.SetViewportSizeAsync(width, height);
        await page.GotoAsync($"/userdata?View={layout}");
        await Expect(page.GetByLabel("Search", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Equal(
            layout is LogLayout.Gallery, await page.Locator(".entry").First.EvaluateAsync<bool>("e => e.matches('.tile')"));

        var entry = (await page.Locator(".entry").First.BoundingBoxAsync())!;
        Assert.InRange(entry.X, 0, width - entry.Width);
        Assert.InRange(entry.Y, 0, height - entry.Height);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Active_filters_are_chips_that_remove_them(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?Q=Visitor");
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Active filters" })).ToHaveCountAsync(0);
        await Expect(page.GetByLabel("Outcome")).ToBeHiddenAsync();

        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Trigger").SelectOptionAsync("FailedLogin");
        await page.GetByLabel("Outcome").SelectOptionAsync("LockedOut");
        if (!scripts)
            await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        var chips = page.GetByRole(AriaRole.List, new() { Name = "Active filters" }).GetByRole(AriaRole.Link);
        await Expect(chips).ToHaveTextAsync(["failed sign-in ×", "account locked after too many failures ×"]);

        await page.GetByRole(AriaRole.Link, new() { Name = "Remove the filter account locked" }).ClickAsync();
        await Expect(chips).ToHaveTextAsync(["failed sign-in ×"]);
        await Chromium.ArriveAsync(page, "/userdata?Q=Visitor&Trigger=FailedLogin");
        await Expect(page.GetByLabel("Search", new() { Exact = true })).ToHaveValueAsync("Visitor");
        await chips.ClickAsync();
        await Expect(chips).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Days_and_times_are_those_of_the_browsers_zone()
    {
        // 23:30 in Honolulu is 09:30 of the next day in UTC
        var at = new DateTimeOffset(2031, 3, 10, 9, 30, 0, TimeSpan.Zero);
        var agent = "Far away";
        var id = await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.60", agent, isCaptured: false);
        await house.App.ReadAsync(db => db.ImageLog.Where(e => e.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.At, at)));
        await using var browser = await house.OpenAsync(
            options: new BrowserNewContextOptions { TimezoneId = "Pacific/Honolulu" });
        var page = await browser.NewPageAsync();

        await page.GotoAsync("/userdata");
        var heading = page.Locator($"#log > .day:has(+ #entry-{id})");
        await Expect(heading).ToHaveTextAsync("9 Mar 2031");
        await Expect(page.Locator($"#entry-{id} strong time")).ToHaveTextAsync("23:30");

        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("2031-03-09");
        await page.GetByLabel("From", new() { Exact = true }).FillAsync("2031-03-09");
        await Expect(page.Locator(".entry")).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Export all" }))
            .ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("Zone=Pacific%2FHonolulu"));
        // Each day has one heading, and a day without entries has none
        await page.GotoAsync("/userdata");
        await page.GetByRole(AriaRole.Link, new() { Name = $"Delete entry {id}", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = $"Delete entry {id}" }).ClickAsync();
        await Expect(page.Locator("#log > .day", new() { HasText = "2031" })).ToHaveCountAsync(0);
        var days = await page.Locator("#log > .day").AllTextContentsAsync();
        Assert.Equal(days.Distinct(), days);
    }

    [Fact]
    public async Task Server_groups_by_day_and_a_further_page_repeats_no_heading()
    {
        var page = await house.Ann.GetAsync("/userdata");
        var days = page.Document.QuerySelectorAll("#log > .day h2").Select(day => day.TextContent).ToList();
        Assert.NotEmpty(days);
        Assert.Equal(days.Distinct(), days);
        Assert.Equal("day", page.Document.QuerySelector("#log")!.FirstElementChild!.ClassName);

        var older = page.Document.QuerySelector("li.older a")!.GetAttribute("href")!;
        Assert.Equal("day", (await house.Ann.GetAsync(older)).Document.QuerySelector("#log")!.FirstElementChild!.ClassName);
        var fragment = await house.Ann.GetAsync(older, ("HX-Request", "true"));
        Assert.DoesNotContain(days[^1], fragment.Document.QuerySelectorAll("#log > .day h2").Select(day => day.TextContent));
        foreach (var crafted in new[] { "-9223372036854775808_0", "9223372036854775807_9223372036854775807" })
            Assert.Equal(System.Net.HttpStatusCode.OK,
                (await house.Ann.GetAsync("/userdata?Before=" + crafted, ("HX-Request", "true"))).Status);
    }

    [Theory]
    [InlineData(null, "UTC", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z")]
    [InlineData(null, "Asia/Kolkata", "2029-12-31T18:30:00Z", "2030-01-01T18:30:00Z")]
    [InlineData("Pacific/Honolulu", "Asia/Kolkata", "2030-01-01T10:00:00Z", "2030-01-02T10:00:00Z")]
    [InlineData("../../etc/passwd", "UTC", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z")]
    [InlineData("No/Such", "UTC", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z")]
    public void A_day_begins_and_ends_in_the_readers_zone(string? named, string own, string start, string end)
    {
        var day = new DateOnly(2030, 1, 1);
        var filter = new LogFilterForm { From = day, To = day, Zone = named }.FilterIn(TimeZoneInfo.FindSystemTimeZoneById(own));

        Assert.Equal((Milliseconds(start), Milliseconds(end)), (filter.Start, filter.End));
    }

    [Theory]
    // The clocks of Beirut skip midnight in spring; those of Havana repeat the hour after it in autumn
    [InlineData("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z")]
    [InlineData("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z")]
    public void A_midnight_that_is_skipped_or_happens_twice_begins_the_day(string zone, string day, string start) => Assert.Equal(
        Milliseconds(start), new ImageLogFilter(
            From: DateOnly.Parse(day, CultureInfo.InvariantCulture), Zone: TimeZoneInfo.FindSystemTimeZoneById(zone)).Start);

    private static long? Milliseconds(string time) =>
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
