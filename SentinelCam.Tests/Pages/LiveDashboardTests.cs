using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
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

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.10", "Appears by itself", isCaptured: false);

        await Expect(page.Locator("#latest")).ToContainTextAsync("Appears by itself", Patient);
        await Expect(page.Locator("#announcement")).ToContainTextAsync("192.0.2.10", Patient);
        await Expect(page.Locator("#announcement")).ToHaveAttributeAsync("role", "status");
        // The next announcement does not repeat the last
        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.11", "The next one", isCaptured: false);
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
        var newest = page.Locator("#log .entry").First;
        var number = (await newest.GetAttributeAsync("id"))!["entry-".Length..];
        await newest.GetByRole(AriaRole.Link, new() { Name = "Delete" }).FocusAsync();

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.15", "While one reads", isCaptured: false);

        await Expect(newest).ToContainTextAsync("While one reads", Patient);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = $"Delete entry {number}", Exact = true })).ToBeFocusedAsync();
        await Expect(page.Locator("#chart-days")).ToBeVisibleAsync();
        await Expect(page.Locator("#chart-days")).Not.ToHaveTextAsync(days!);

        await page.GetByRole(AriaRole.Link, new() { Name = "The whole image log" }).FocusAsync();
        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.16", "While one reads on", isCaptured: false);
        await Expect(newest).ToContainTextAsync("While one reads on", Patient);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "The whole image log" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Closing_a_picture_after_an_update_restores_the_focus()
    {
        await using var browser = await house.OpenAsync();
        var pictures = await house.App.ReadAsync(db => db.Snapshots.CountAsync());
        await house.Ann.SubmitAsync("/capture", new { });
        await house.App.WaitForAsync(db => db.Snapshots.CountAsync(), count => count > pictures);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        var link = page.Locator("#log .picture a").First;
        var id = (await link.GetAttributeAsync("id"))!;
        await link.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#viewer figure img")).ToBeVisibleAsync();

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.17", "While a picture is open", isCaptured: false);

        await Expect(page.Locator("#latest")).ToContainTextAsync("While a picture is open", Patient);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#viewer")).ToBeHiddenAsync();
        await Expect(page.Locator("#" + id)).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Open_question_survives_an_update()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        var newest = page.Locator("#log .entry").First;
        var updating = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var questionOpen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/dashboard?Since=*", async route =>
        {
            updating.TrySetResult();
            await questionOpen.Task;
            await route.ContinueAsync();
        });
        await page.EvaluateAsync("""
            () => {
              window.answered = new Promise((done) =>
                document.addEventListener("htmx:afterOnLoad", (e) => e.detail.elt.id === "live" && done()));
            }
            """);

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.18", "While a question waits", isCaptured: false);
        await updating.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await newest.GetByRole(AriaRole.Link, new() { Name = "Delete" }).ClickAsync();
        var answer = newest.GetByRole(AriaRole.Button, new() { Name = "Delete entry" });
        await Expect(answer).ToBeVisibleAsync();
        questionOpen.SetResult();
        await page.EvaluateAsync("window.answered");

        await Expect(answer).ToBeVisibleAsync();
        await answer.ClickAsync();
        await Expect(newest).ToContainTextAsync("While a question waits", Patient);
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

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.19", "While a problem lasts", isCaptured: false);
        await Expect(page.Locator("#latest")).ToContainTextAsync("While a problem lasts", Patient);
        Assert.True(await page.EvaluateAsync<bool>("window.said.isConnected"));

        problem = "The disk is nearly full.";
        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.21", "While another comes", isCaptured: false);
        await Expect(page.Locator("#problems")).ToContainTextAsync(problem, Patient);
    }

    [Fact]
    public async Task Page_polls_when_events_do_not_arrive()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.RouteAsync("**/dashboard/events", route => route.FulfillAsync(new RouteFulfillOptions { Status = 502 }));
        await page.GotoAsync("/dashboard");

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.20", "Asked for", isCaptured: false);

        await Expect(page.Locator("#latest")).ToContainTextAsync("Asked for", Patient);
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
        await Expect(page.Locator("#latest")).ToContainTextAsync("Captured by you", Patient);
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
        await house.App.FailToSignInAsync(
            SentinelCamApp.AnnsEmail, "192.0.2.22", "After the server came back", isCaptured: false);
        await Expect(page.Locator("#latest")).ToContainTextAsync("After the server came back", Patient);
        await Expect(page.Locator("#notice")).ToBeEmptyAsync();
    }
}
