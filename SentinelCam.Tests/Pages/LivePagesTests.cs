using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>What scripts add, in a real browser: news by themselves, the viewer, endless scrolling, errors in place.</summary>
public class LivePagesTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 60_000 };

    [Fact]
    public async Task New_entry_appears_and_is_announced_once()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        var asked = new ConcurrentQueue<string>();
        page.Request += (_, request) => asked.Enqueue(request.Url);
        var events = await page.RunAndWaitForResponseAsync(() => page.GotoAsync("/dashboard"), response => response.Url.EndsWith("/dashboard/events", StringComparison.Ordinal));
        // A proxy must not gather them
        Assert.Equal("no", events.Headers["x-accel-buffering"]);

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.10", "Appears by itself", isCaptured: false);

        await Expect(page.Locator("#latest")).ToContainTextAsync("Appears by itself", Patient);
        await Expect(page.Locator("#announcement")).ToContainTextAsync("192.0.2.10", Patient);
        await Expect(page.Locator("#announcement")).ToHaveAttributeAsync("role", "status");
        // The next news says nothing of the last
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
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        await page.GetByText("The days as a table").ClickAsync();
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
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
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
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");
        var newest = page.Locator("#log .entry").First;
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var questioned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/dashboard?Since=*", async route =>
        {
            asked.TrySetResult();
            await questioned.Task;
            await route.ContinueAsync();
        });
        await page.EvaluateAsync("() => { window.answered = new Promise((done) => document.addEventListener('htmx:afterOnLoad', (e) => e.detail.elt.id === 'live' && done())); }");

        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.18", "While a question waits", isCaptured: false);
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await newest.GetByRole(AriaRole.Link, new() { Name = "Delete" }).ClickAsync();
        var answer = newest.GetByRole(AriaRole.Button, new() { Name = "Delete entry" });
        await Expect(answer).ToBeVisibleAsync();
        questioned.SetResult();
        await page.EvaluateAsync("window.answered");

        await Expect(answer).ToBeVisibleAsync();
        await answer.ClickAsync();
        await Expect(newest).ToContainTextAsync("While a question waits", Patient);
    }

    [Fact]
    public async Task Lasting_problem_is_not_announced_again_with_each_update()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var problem = "The disk is full.";
        await page.RouteAsync(url => new Uri(url).AbsolutePath == "/dashboard", async route =>
        {
            var answer = await route.FetchAsync();
            var alert = $"<div id=\"problems\">\n    <p class=\"problem\" role=\"alert\">{problem}</p>";
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = (await answer.TextAsync()).Replace("<div id=\"problems\">", alert, StringComparison.Ordinal) });
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
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
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
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        // As "Skip to content" leaves it
        await page.GotoAsync("/dashboard#main");

        await page.GetByRole(AriaRole.Button, new() { Name = "Capture now" }).ClickAsync();

        await Expect(page.Locator("#progress")).ToContainTextAsync("Mailed", Patient);
        await Expect(page.Locator("#latest")).ToContainTextAsync("Captured by you", Patient);
        Assert.EndsWith("/dashboard#main", page.Url, StringComparison.Ordinal);
        Assert.Empty(await page.EvaluateAsync<string[]>("[...document.querySelectorAll('[id]')].map((part) => part.id).filter((id, at, all) => all.indexOf(id) !== at)"));
    }

    [Fact]
    public async Task Arrow_keys_move_through_the_viewer_and_closing_it_restores_the_focus()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var link = page.Locator(".entry .picture a").First;
        await link.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.Locator("#viewer");
        await Expect(dialog).ToBeVisibleAsync();
        await Expect(dialog.Locator("figure img")).ToBeVisibleAsync();
        var first = await dialog.Locator("strong time").First.GetAttributeAsync("datetime");

        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(dialog.Locator("strong time").First).Not.ToHaveAttributeAsync("datetime", first!);
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(dialog.Locator("strong time").First).ToHaveAttributeAsync("datetime", first!);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Pin" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Unpin" })).ToBeVisibleAsync();
        // The list behind it says so, too
        await Expect(page.Locator("#log .pinned")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(link).ToBeFocusedAsync();

        // What goes wrong in it is to be seen
        await page.Keyboard.PressAsync("Enter");
        await Expect(dialog).ToBeVisibleAsync();
        await page.RouteAsync("**/userdata/*", route => route.AbortAsync());
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached");
    }

    [Fact]
    public async Task Scrolling_loads_older_entries_and_the_search_runs_while_typing()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        await page.Locator("li.older").ScrollIntoViewIfNeededAsync();
        await Expect(page.Locator("#entry-1")).ToBeAttachedAsync();

        await page.GetByLabel("Search").PressSequentiallyAsync("Visitor/17");
        await Expect(page.Locator(".entry")).ToHaveCountAsync(1);
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");
        Assert.EndsWith("/userdata?Q=Visitor%2F17", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(page.Locator(".entry")).ToHaveCountAsync(1);
        await page.GetByLabel("Search").FillAsync("Vi");
        await Expect(page.Locator("#count")).ToContainTextAsync("at least 3 characters");
    }

    [Fact]
    public async Task Errors_are_shown_in_place()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var notice = page.Locator("#notice");

        // Gone meanwhile: the server's words, with the trace. They stay when something else works.
        var id = await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.30", "Gone meanwhile", isCaptured: false);
        await page.ReloadAsync();
        await house.App.ReadAsync(db => db.ImageLog.Where(e => e.Id == id).ExecuteDeleteAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = $"Delete entry {id}", Exact = true }).ClickAsync();
        await Expect(notice).ToContainTextAsync("There is no such page");
        await Expect(notice.Locator("code")).Not.ToBeEmptyAsync();
        await Expect(page.Locator("#log")).ToContainTextAsync("Visitor/");
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");
        await page.GetByLabel("Outcome").SelectOptionAsync("");
        await Expect(page.Locator("#count")).Not.ToHaveTextAsync("1 entry");
        await Expect(notice).ToContainTextAsync("There is no such page");

        // A form that has become too old
        await page.EvaluateAsync("document.querySelector('#selection [name=__RequestVerificationToken]').value = 'old'");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Pin|Unpin) entry") }).First.ClickAsync();
        await Expect(notice).ToContainTextAsync("could not be understood");

        // A proxy's answer, and no answer
        await page.RouteAsync("**/userdata?Q=*", route => route.FulfillAsync(new RouteFulfillOptions { Status = 502, Body = "<h1>Bad gateway</h1>" }));
        await page.GetByLabel("Search").FillAsync("proxy");
        await Expect(notice).ToContainTextAsync("status 502");
        await page.UnrouteAsync("**/userdata?Q=*");
        await browser.SetOfflineAsync(true);
        await page.GetByLabel("Search").FillAsync("network");
        await Expect(notice).ToContainTextAsync("cannot be reached");
        await browser.SetOfflineAsync(false);
        await page.GetByLabel("Search").FillAsync("Visitor/3");
        await Expect(notice).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Server_error_in_a_fragment_is_shown_in_place()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var list = await browser.NewPageAsync();
        await list.GotoAsync("/userdata");
        var dashboard = await browser.NewPageAsync();
        await dashboard.GotoAsync("/dashboard");
        await house.App.ReadAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE ImageLog RENAME TO Lost"));
        try
        {
            await list.GetByLabel("Search").FillAsync("Visitor");
            await Expect(list.Locator("#notice code")).Not.ToBeEmptyAsync();
            await Expect(list.Locator("#notice")).ToContainTextAsync("Something went wrong");
            await Expect(list.Locator("#log .entry").First).ToBeVisibleAsync();
            Assert.EndsWith("/userdata", list.Url, StringComparison.Ordinal);

            await list.EvaluateAsync("document.getElementById('notice').replaceChildren()");
            await list.Locator("li.older a").ClickAsync();
            await Expect(list.Locator("#notice")).ToContainTextAsync("Something went wrong");

            await dashboard.EvaluateAsync("htmx.trigger('#live', 'news')");
            await Expect(dashboard.Locator("#notice")).ToContainTextAsync("Something went wrong");
            await Expect(dashboard.Locator("#latest .entry").First).ToBeVisibleAsync();
        }
        finally
        {
            await house.App.ReadAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE Lost RENAME TO ImageLog"));
        }
    }

    [Fact]
    public async Task Back_restores_a_fully_working_page()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");

        await page.GoBackAsync();
        await Expect(page.Locator("#count")).Not.ToHaveTextAsync("1 entry");
        await Expect(page.GetByLabel("Outcome")).ToHaveValueAsync("");
        await page.Locator(".entry .picture a").First.ClickAsync();
        await Expect(page.Locator("#viewer figure img")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.RouteAsync("**/userdata?Outcome=*", route => route.AbortAsync());
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached");
    }

    [Fact]
    public async Task Typed_search_is_one_history_step_and_a_filter_another()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var before = await page.EvaluateAsync<int>("history.length");

        foreach (var part in new[] { "Vis", "Visitor/1", "Visitor/17" })
        {
            await page.GetByLabel("Search").FillAsync(part);
            await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"Q={Uri.EscapeDataString(part)}$"));
        }

        await page.GetByLabel("Outcome").SelectOptionAsync("LockedOut");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("Q=Visitor%2F17&Outcome=LockedOut$"));
        Assert.Equal(before + 1, await page.EvaluateAsync<int>("history.length"));
    }

    [Fact]
    public async Task Dashboard_reports_a_lost_server_and_recovers()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        foreach (var part in new[] { "**/dashboard/events", "**/dashboard?Since=*" })
            await page.RouteAsync(part, route => route.AbortAsync());
        await page.GotoAsync("/dashboard");

        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached", Patient);

        await page.UnrouteAllAsync();
        await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.22", "After the server came back", isCaptured: false);
        await Expect(page.Locator("#latest")).ToContainTextAsync("After the server came back", Patient);
        await Expect(page.Locator("#notice")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Expired_session_leads_to_the_sign_in_page_and_back()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?Q=Visitor");
        await house.ForgetFailuresAsync();
        await browser.ClearCookiesAsync();

        await page.GetByLabel("Outcome").SelectOptionAsync("WrongPassword");

        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/login\\?ReturnUrl=%2Fuserdata"), new() { Timeout = 30_000 });
        await page.GetByLabel("Mail address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/userdata\\?Q=Visitor$"), new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task Times_are_local_and_the_title_has_the_exact_one()
    {
        Assert.SkipUnless(Chromium.IsAvailable, Chromium.Why);
        await using var browser = await house.OpenAsync(options: new BrowserNewContextOptions { TimezoneId = "Asia/Kathmandu" });
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var time = page.Locator(".entry time").First;

        await Expect(time).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+05:45$"));
        await Expect(time).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$"));
    }
}
