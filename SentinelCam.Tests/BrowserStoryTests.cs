using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>What a newcomer sees, in a real browser, with scripts and without.</summary>
[Trait("Database", "Both")]
public class BrowserStoryTests
{
    private const string Wrong = "an intruder's guess";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Newcomer_registers_is_attacked_and_sees_the_picture(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        await using var browser = await Chromium.OpenAsync(
            app.Address, new BrowserNewContextOptions { JavaScriptEnabled = scripts });
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);

        await page.GotoAsync("/register");
        await page.GetByLabel("User name").FillAsync("Ann");
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Register" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();

        await page.GetByText("Menu").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await SignInAsync(page, Wrong);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The email address or the password is wrong");
        await app.WaitForAcceptedAsync(1);

        await SignInAsync(page, SentinelCamApp.Password);
        var alert = page.Locator(".alert");
        await Expect(alert).ToHaveCountAsync(1);
        await Expect(alert).ToContainTextAsync("Failed sign-in to ann@example.org");
        await Expect(alert).ToContainTextAsync("DEMO");
        await Expect(alert).ToContainTextAsync("sent to the outbox");
        if (scripts)
            Assert.True(
                await alert.Locator("img").EvaluateAsync<bool>("image => image.decode().then(() => image.naturalWidth > 0)"));

        // The whole alert
        await alert.GetByRole(AriaRole.Link, new() { Name = "Failed sign-in to ann@example.org" }).ClickAsync();
        var entry = page.Locator(".entry");
        await Expect(entry).ToHaveCountAsync(1);
        await Expect(entry).ToContainTextAsync("wrong password");

        // Capture now: queued, captured, mailed
        await page.GetByRole(AriaRole.Link, new() { Name = "Capture", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Capture now" }).ClickAsync();
        await Expect(page.Locator("#progress")).ToContainTextAsync("Emailed");
        await Expect(page).ToHaveURLAsync(new Regex(@"/capture\?id=\d+$"));
        await Expect(page.Locator("#progress .entry")).ToContainTextAsync("Captured by you");

        // The mail in the outbox
        await page.GetByText("Menu").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Mail", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Failed sign-in to ann@example.org" }).ClickAsync();
        await Expect(page.Locator("main article")).ToContainTextAsync("Failed sign-in");
        await Expect(page.GetByAltText("Attached picture 1")).ToBeVisibleAsync();
        await Expect(page.GetByAltText("Attached picture 1")).ToHaveAttributeAsync("width", "640");

        // Search, then delete both entries
        await page.GetByRole(AriaRole.Link, new() { Name = "Image log" }).ClickAsync();
        await Expect(entry).ToHaveCountAsync(2);
        await page.GetByLabel("Search").FillAsync("ann@");
        if (!scripts)
            await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(entry).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = "Image log" }).ClickAsync();
        await Expect(entry).ToHaveCountAsync(2);
        await DeleteFirstAsync(page);
        await Expect(entry).ToHaveCountAsync(1);
        await DeleteFirstAsync(page);
        await Expect(entry).ToHaveCountAsync(0);
        Assert.Equal(0, await app.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(app.DataDirectory, "snapshots"), "*", SearchOption.AllDirectories));

        await page.GetByText("Menu").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Jobs" }).ClickAsync();
        await page.GotoAsync("/hangfire/jobs/succeeded");
        await Expect(page.Locator("body")).ToContainTextAsync("CaptureSnapshotJob.RunAsync");
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task With_scripts_URLs_and_the_back_button_lead_to_full_pages()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        using (var ann = await app.RegisterAnnAsync())
        {
            await ann.SubmitAsync("/capture", new { });
            await ann.SignOutAsync();
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, Wrong);
        }

        await app.WaitForAcceptedAsync(2);
        await using var browser = await Chromium.OpenAsync(app.Address);
        var page = await browser.NewPageAsync();
        await SignInAsync(page, SentinelCamApp.Password);
        var entry = page.Locator(".entry");

        // A filter is part of the URL, and the export uses it. The third entry is about this browser, which is new
        await page.GotoAsync("/userdata");
        await Expect(entry).ToHaveCountAsync(3);
        await page.GetByText("Filters").ClickAsync();
        await page.GetByLabel("Trigger").SelectOptionAsync("Manual");
        await Expect(entry).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Export" }))
            .ToHaveAttributeAsync("href", new Regex("Trigger=Manual"));

        // Back shows a full page, not a fragment
        await page.GetByRole(AriaRole.Link, new() { Name = "Dashboard" }).ClickAsync();
        await page.GoBackAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Image log" })).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Image log" })).ToBeVisibleAsync();

        // The delete page, opened by its URL
        await page.GotoAsync("/delete_log/1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete entry 1" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("deleted");
        await Expect(entry).ToHaveCountAsync(2);
    }

    private static async Task SignInAsync(IPage page, string password)
    {
        await page.GotoAsync("/login");
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    private static async Task DeleteFirstAsync(IPage page)
    {
        await page.Locator(".entry").First.GetByRole(AriaRole.Link, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete entry" }).ClickAsync();
    }
}
