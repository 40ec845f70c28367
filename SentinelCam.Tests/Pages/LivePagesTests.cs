using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>What scripts add in a real browser: the viewer, endless scrolling, errors in place.</summary>
public class LivePagesTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    [Fact]
    public async Task Arrow_keys_move_through_the_viewer_and_closing_it_restores_the_focus()
    {
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
        // The list behind the viewer shows it too
        await Expect(page.Locator("#log .pinned")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(link).ToBeFocusedAsync();

        // Errors in the viewer are visible
        await page.Keyboard.PressAsync("Enter");
        await Expect(dialog.Locator("figure img")).ToBeVisibleAsync();
        await Expect(dialog.Locator(".htmx-added, .htmx-settling, .htmx-swapping")).ToHaveCountAsync(0);
        await page.RouteAsync("**/userdata/*", route => route.AbortAsync());
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached");
    }

    [Fact]
    public async Task Scrolling_loads_older_entries_and_the_search_runs_while_typing()
    {
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
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var notice = page.Locator("#notice");

        // Deleted meanwhile: the server's message and trace stay although other requests succeed
        var id = await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.30", "Gone meanwhile", isCaptured: false);
        await page.ReloadAsync();
        await house.App.ReadAsync(db => db.ImageLog.Where(e => e.Id == id).ExecuteDeleteAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = $"Delete entry {id}", Exact = true }).ClickAsync();
        await Expect(notice).ToContainTextAsync("Not found");
        await Expect(notice.Locator("code")).Not.ToBeEmptyAsync();
        await Expect(page.Locator("#log")).ToContainTextAsync("Visitor/");
        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");
        await page.GetByLabel("Outcome").SelectOptionAsync("");
        await Expect(page.Locator("#count")).Not.ToHaveTextAsync("1 entry");
        await Expect(notice).ToContainTextAsync("Not found");

        // An expired form
        await page.EvaluateAsync("document.querySelector('#selection [name=__RequestVerificationToken]').value = 'old'");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Pin|Unpin) entry") }).First.ClickAsync();
        await Expect(notice).ToContainTextAsync("could not be understood");

        // A proxy's error, and no answer
        await page.RouteAsync("**/userdata?Q=*",
            route => route.FulfillAsync(new RouteFulfillOptions { Status = 502, Body = "<h1>Bad gateway</h1>" }));
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
        await using var browser = await house.OpenAsync();
        var list = await browser.NewPageAsync();
        await list.GotoAsync("/userdata");
        var dashboard = await browser.NewPageAsync();
        await dashboard.GotoAsync("/dashboard");
        await house.App.ReadAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE \"ImageLog\" RENAME TO \"Lost\""));
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
            await Expect(dashboard.Locator("#latest .alert").First).ToBeVisibleAsync();
        }
        finally
        {
            await house.App.ReadAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE \"Lost\" RENAME TO \"ImageLog\""));
        }
    }

    [Fact]
    public async Task Back_restores_a_fully_working_page()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 entry");

        await page.GoBackAsync();
        await Expect(page.Locator("#count")).Not.ToHaveTextAsync("1 entry");
        await Expect(page.GetByLabel("Outcome")).ToHaveValueAsync("");
        await page.Locator(".entry .picture a").First.ClickAsync();
        await Expect(page.Locator("#viewer figure img")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.RouteAsync("**/userdata?Outcome=*", route => route.AbortAsync());
        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("UnknownAccount");
        await Expect(page.Locator("#notice")).ToContainTextAsync("cannot be reached");
    }

    [Fact]
    public async Task Typed_search_is_one_history_step_and_a_filter_another()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var before = await page.EvaluateAsync<int>("history.length");

        foreach (var part in new[] { "Vis", "Visitor/1", "Visitor/17" })
        {
            await page.GetByLabel("Search").FillAsync(part);
            await Expect(page).ToHaveURLAsync(new Regex($"Q={Uri.EscapeDataString(part)}$"));
        }

        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("LockedOut");
        await Expect(page).ToHaveURLAsync(new Regex("Q=Visitor%2F17&Outcome=LockedOut$"));
        Assert.Equal(before + 1, await page.EvaluateAsync<int>("history.length"));
    }

    [Fact]
    public async Task Expired_session_leads_to_the_sign_in_page_and_back()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata?Q=Visitor");
        await house.ForgetFailuresAsync();
        await browser.ClearCookiesAsync();

        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("WrongPassword");

        await Expect(page).ToHaveURLAsync(new Regex("/login\\?ReturnUrl=%2Fuserdata"), new() { Timeout = 30_000 });
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/userdata\\?Q=Visitor$"), new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task Ages_keep_counting()
    {
        var id = await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.50", "Counted on", isCaptured: false);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.Clock.InstallAsync();
        await page.GotoAsync("/delete_log?Q=Counted%20on");
        var time = page.Locator($"#entry-{id} strong time");
        await Expect(time).ToHaveTextAsync("just now");

        // The page's clock is moved, the server's is not
        await page.Clock.FastForwardAsync("03:05");
        await Expect(time).ToHaveTextAsync(new Regex("^[345] minutes ago$"));
        await page.Clock.FastForwardAsync("02:00:00");
        await Expect(time).ToHaveTextAsync("2 hours ago");
    }

    [Fact]
    public async Task Open_details_stay_open_when_entries_are_redrawn()
    {
        var id = await house.App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "192.0.2.51", "Looked into", isCaptured: false);
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var details = page.Locator($"#entry-{id} .more");
        await Expect(details.GetByText("Looked into")).ToBeHiddenAsync();
        await details.GetByText("Details").ClickAsync();
        await Expect(details.GetByText("Looked into")).ToBeVisibleAsync();

        await page.EvaluateAsync($"document.getElementById('entry-{id}').dataset.old = ''");
        await page.EvaluateAsync(
            $"htmx.ajax('GET', '/userdata/{id}?handler=Row', {{ target: '#entry-{id}', swap: 'outerHTML' }})");
        await Expect(page.Locator($"#entry-{id}:not([data-old])")).ToBeVisibleAsync();
        await Expect(details.GetByText("Looked into")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Times_are_local_and_the_title_has_the_exact_one()
    {
        await using var browser = await house.OpenAsync(options: new BrowserNewContextOptions { TimezoneId = "Asia/Kathmandu" });
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/userdata");
        var time = page.Locator(".entry .more time").First;

        var at = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture);
        var local = at.ToOffset(new TimeSpan(5, 45, 0)).ToString("HH:mm", CultureInfo.InvariantCulture);
        await Expect(time).ToHaveTextAsync(new Regex($"^(today|yesterday) at {local}:[0-5][0-9]$"));
        var exact = at.ToString("d MMM yyyy 'at' HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);
        await Expect(time).ToHaveAttributeAsync("title", exact);
    }
}
