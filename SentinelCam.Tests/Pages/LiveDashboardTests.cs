using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>How the dashboard updates itself in a real browser.</summary>
public class LiveDashboardTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 60_000 };

    [Fact]
    public async Task New_entry_appears_and_is_announced_once()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        var asked = new ConcurrentQueue<string>();
        page.Request += (_, request) => asked.Enqueue(request.Url);
        var events = await page.RunAndWaitForResponseAsync(
            () => page.GotoAsync("/dashboard"), response => response.Url.EndsWith("/dashboard/events", StringComparison.Ordinal));
        // Proxies must not buffer them
        Assert.Equal("no", events.Headers["x-accel-buffering"]);

        var unanswered = int.Parse(
            (await page.Locator("#new-alerts .count").TextContentAsync())!, CultureInfo.InvariantCulture);

        await house.FailInNewAlertAsync("192.0.2.10");

        await Expect(page.Locator("#latest")).ToContainTextAsync("from the internet, 192.0.2.10", Patient);
        await Expect(page.Locator("#new-alerts .count")).ToHaveTextAsync($"{unanswered + 1}");
        await Expect(page).ToHaveTitleAsync($"({unanswered + 1}) Dashboard · SentinelCam");
        await Expect(page.Locator("#announcement")).ToContainTextAsync("192.0.2.10", Patient);
        await Expect(page.Locator("#announcement")).ToHaveAttributeAsync("role", "status");
        // The next announcement does not repeat the last
        await house.FailInNewAlertAsync("192.0.2.11");
        await Expect(page.Locator("#announcement")).ToContainTextAsync("192.0.2.11", Patient);
        await Expect(page.Locator("#announcement")).Not.ToContainTextAsync("192.0.2.10");
        await Expect(page.Locator("#chart title").First).ToContainTextAsync("failed sign-ins");
        Assert.All(asked, url => Assert.StartsWith(house.App.Address.ToString(), url, StringComparison.Ordinal));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Updates_keep_the_focus_and_an_open_table()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        await page.GetByText("Show the days as a table").ClickAsync();
        var days = await page.Locator("#chart-days").TextContentAsync();
        var newest = page.Locator(".alert").First;
        var id = (await newest.GetAttributeAsync("id"))!;
        await newest.GetByRole(AriaRole.Heading).GetByRole(AriaRole.Link).FocusAsync();

        await house.FailInNewAlertAsync("192.0.2.15");

        await Expect(newest).ToContainTextAsync("192.0.2.15", Patient);
        await Expect(page.Locator($"#{id} h3 a")).ToBeFocusedAsync();
        await Expect(page.Locator("#chart-days")).ToBeVisibleAsync();
        await Expect(page.Locator("#chart-days")).Not.ToHaveTextAsync(days!);

        await page.GetByRole(AriaRole.Link, new() { Name = "The whole image log" }).FocusAsync();
        await house.FailInNewAlertAsync("192.0.2.16");
        await Expect(newest).ToContainTextAsync("192.0.2.16", Patient);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "The whole image log" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Closing_a_picture_after_an_update_restores_the_focus()
    {
        await house.PutPictureFirstAsync();
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        var link = page.Locator("#latest a.shot").First;
        var id = (await link.GetAttributeAsync("id"))!;
        await link.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#viewer figure img")).ToBeVisibleAsync();

        await house.FailInNewAlertAsync("192.0.2.17");

        await Expect(page.Locator("#latest")).ToContainTextAsync("192.0.2.17", Patient);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#viewer")).ToBeHiddenAsync();
        await Expect(page.Locator("#" + id)).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Open_details_survive_an_update()
    {
        await house.PutPictureFirstAsync();
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        var told = page.Locator("#latest details.told").First;
        var id = (await told.GetAttributeAsync("id"))!;
        await told.Locator("summary").ClickAsync();
        await page.Locator("#camera-more summary").ClickAsync();

        await house.FailInNewAlertAsync("192.0.2.18");

        await Expect(page.Locator("#latest")).ToContainTextAsync("192.0.2.18", Patient);
        await Expect(page.Locator($"#{id} ul")).ToBeVisibleAsync();
        await Expect(page.Locator("#camera-more ul")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Lasting_problem_is_not_announced_again_with_each_update()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var problem = "The disk is full.";
        await page.RouteAsync(url => new Uri(url).AbsolutePath == "/dashboard", async route =>
        {
            var answer = await route.FetchAsync();
            var alert = $"<div id=\"problems\">\n    <p class=\"problem\" role=\"alert\">{problem}</p>";
            var body = (await answer.TextAsync()).Replace("<div id=\"problems\">", alert, StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = body });
        });
        await page.GotoAsync("/dashboard");
        await page.EvaluateAsync("window.said = document.querySelector('#problems p')");

        await house.FailInNewAlertAsync("192.0.2.19");
        await Expect(page.Locator("#latest")).ToContainTextAsync("192.0.2.19", Patient);
        Assert.True(await page.EvaluateAsync<bool>("window.said.isConnected"));

        problem = "The disk is nearly full.";
        await house.FailInNewAlertAsync("192.0.2.21");
        await Expect(page.Locator("#problems")).ToContainTextAsync(problem, Patient);
    }

    [Fact]
    public async Task Page_polls_when_events_do_not_arrive()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.RouteAsync("**/dashboard/events", route => route.FulfillAsync(new RouteFulfillOptions { Status = 502 }));
        await page.GotoAsync("/dashboard");

        await house.FailInNewAlertAsync("192.0.2.20");

        await Expect(page.Locator("#latest")).ToContainTextAsync("192.0.2.20", Patient);
    }

    [Fact]
    public async Task Capture_shows_its_progress_on_the_dashboard()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        // As after "Skip to content"
        await page.GotoAsync("/dashboard#main");

        await page.GetByRole(AriaRole.Button, new() { Name = "Capture now" }).ClickAsync();

        await Expect(page.Locator("#progress")).ToContainTextAsync("Emailed", Patient);
        await Expect(page.Locator("#progress .entry")).ToContainTextAsync("Captured by you");
        Assert.EndsWith("/dashboard#main", page.Url, StringComparison.Ordinal);
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                "[...document.querySelectorAll('[id]')].map((part) => part.id).filter((id, at, all) => all.indexOf(id) !== at)"));
    }

    [Fact]
    public async Task Dashboard_reports_a_lost_server_and_recovers()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        foreach (var part in new[] { "**/dashboard/events", "**/dashboard?Since=*" })
            await page.RouteAsync(part, route => route.AbortAsync());
        await page.GotoAsync("/dashboard");

        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached", Patient);

        await page.UnrouteAllAsync();
        await house.FailInNewAlertAsync("192.0.2.22");
        await Expect(page.Locator("#latest")).ToContainTextAsync("192.0.2.22", Patient);
        await Expect(page.Locator("#notice")).ToBeEmptyAsync();
    }
}
