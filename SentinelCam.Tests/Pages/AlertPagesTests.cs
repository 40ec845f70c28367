using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>The pages about alerts in a real browser, with eight alerts in the data.</summary>
[Trait("Database", "Both")]
public class AlertPagesTests(HouseOfAlerts house) : IClassFixture<HouseOfAlerts>
{
    [Theory]
    [InlineData(375, 812, true)]
    [InlineData(375, 812, false)]
    [InlineData(1280, 800, true)]
    [InlineData(1280, 800, false)]
    public async Task First_picture_of_the_dashboard_is_on_the_first_screen(int width, int height, bool scripts)
    {
        await using var browser = await house.OpenAsync(
            scripts, new BrowserNewContextOptions { ViewportSize = new() { Width = width, Height = height } });
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");

        await Expect(page.Locator(".alert")).ToHaveCountAsync(7);
        // In one step, because the first event of the server replaces the alerts
        var box = await page.EvaluateAsync<double[]>("""
            (() => {
              const { left, top, right, bottom } = document.querySelector('main img[src^="/snapshots/"]').getBoundingClientRect();
              return [left, top, right, bottom];
            })()
            """);
        Assert.True(box is [>= 0, >= 0, var right, var bottom] && right <= width && bottom <= height, string.Join(' ', box));
        Assert.True(box[2] - box[0] > 300 && box[3] - box[1] > 200, string.Join(' ', box));
    }

    [Fact]
    public async Task Both_answers_are_on_one_line_on_the_smallest_phone()
    {
        await using var browser = await house.OpenAsync(
            false, new BrowserNewContextOptions { ViewportSize = new() { Width = 320, Height = 640 } });
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/dashboard");

        var yes = (await page.GetByRole(AriaRole.Button, new() { Name = "It was me" }).First.BoundingBoxAsync())!;
        var no = (await page.GetByRole(AriaRole.Button, new() { Name = "Not me" }).First.BoundingBoxAsync())!;
        Assert.Equal(yes.Y, no.Y);
        Assert.InRange(no.X + no.Width, yes.X + yes.Width, 320);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Alert_is_answered_where_it_is_shown_and_the_number_of_new_ones_falls(bool scripts)
    {
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync("/dashboard");
        var card = page.Locator(".alert.new").Last;
        var id = (await card.GetAttributeAsync("id"))!["alert-".Length..];
        var before = int.Parse((await page.Locator("#new-alerts .count").TextContentAsync())!,
            System.Globalization.CultureInfo.InvariantCulture);

        await page.Locator($"#me-{id}").ClickAsync();

        await Expect(page.Locator($"#me-{id}")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(page.Locator("#new-alerts .count")).ToHaveTextAsync($"{before - 1}");
        await Expect(page).ToHaveTitleAsync($"({before - 1}) Dashboard · SentinelCam");
        await Chromium.ArriveAsync(page, "/dashboard");
        if (scripts)
            await Expect(page.Locator($"#me-{id}")).ToBeFocusedAsync();

        await page.Locator($"#not-{id}").ClickAsync();
        await Chromium.ArriveAsync(page, $"/alerts/{id}#now");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "What to do now" })).ToBeInViewportAsync();
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Answer_from_elsewhere_reaches_an_open_dashboard()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.RunAndWaitForResponseAsync(
            () => page.GotoAsync("/dashboard"), response => response.Url.EndsWith("/dashboard/events", StringComparison.Ordinal));
        var id = (await page.Locator(".alert.new").First.GetAttributeAsync("id"))!["alert-".Length..];

        await house.Ann.SubmitAsync("/dashboard", new { Answer = nameof(AlertAnswer.NotMe) }, $"/alerts/{id}?handler=Answer");

        await Expect(page.Locator($"#not-{id}")).ToHaveAttributeAsync("aria-pressed", "true", new() { Timeout = 60_000 });
        await Expect(page.Locator($"#alert-{id}").GetByRole(AriaRole.Link, new() { Name = "What to do now" })).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pictures_of_the_timeline_open_in_the_viewer(bool scripts)
    {
        var id = await house.App.ReadAsync(
            db => db.Alerts.Where(a => a.SucceededAt != null).OrderBy(a => a.Id).Select(a => a.Id).FirstAsync());
        await using var browser = await house.OpenAsync(scripts);
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await page.GotoAsync($"/alerts/{id}");
        await Expect(page.Locator("#log .entry")).ToHaveCountAsync(5);
        await Expect(page.Locator("#log .got-in")).ToContainTextAsync("Sign-in after failures");

        await page.Locator("#log .shots a").Nth(1).ClickAsync();

        await Expect(page.Locator(".viewer:visible figure img")).ToBeVisibleAsync();
        await Expect(page.Locator(".viewer:visible")).ToContainTextAsync("wrong password");
        Assert.Empty(complaints);
    }
}
