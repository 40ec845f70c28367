using Deque.AxeCore.Playwright;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Data;
using SentinelCam.Tests.Pages;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>An owner uses a second factor, in a real browser, with scripts and without.</summary>
[Trait("Database", "Both")]
public class SecondFactorStoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Owner_turns_it_on_signs_in_with_it_trusts_the_browser_and_turns_it_off(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(
            app.Address, new BrowserNewContextOptions { JavaScriptEnabled = scripts });
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);

        // On
        await SignInAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        await page.GotoAsync("/settings/security");
        await page.GetByRole(AriaRole.Link, new() { Name = "Turn on the second factor" }).ClickAsync();
        await Expect(page.Locator("svg.qr path")).ToBeVisibleAsync();
        var phone = new AuthenticatorApp((await page.Locator("#key").TextContentAsync())!, clock);
        await page.GetByLabel("Enter the code that the app shows").FillAsync(phone.Code());
        await page.GetByRole(AriaRole.Button, new() { Name = "Turn on the second factor" }).ClickAsync();
        await Expect(page.Locator(".codes li")).ToHaveCountAsync(10);
        var recovery = await page.Locator(".codes code").First.TextContentAsync();
        var download = await page.RunAndWaitForDownloadAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Save as a file" }).ClickAsync());
        Assert.Contains(recovery!, await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        // Somebody with the password
        await SignOutAsync(page);
        await SignInAsync(page);
        await EnterAsync(page, phone.WrongCode());
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The code is wrong");
        await app.WaitForCapturesAsync();
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d =>
            d.Kind == MailKind.KnownPassword && d.State == DeliveryState.Accepted), count => count == 1);

        // The owner, in the same browser, which is trusted from now on
        clock.Advance(TimeSpan.FromSeconds(30));
        await page.GetByLabel("Trust this browser for 30 days").CheckAsync();
        await EnterAsync(page, phone.Code());
        await Expect(page.Locator(".alert").First).ToContainTextAsync("Somebody knows your password");
        await page.Locator(".alert h3 a").First.ClickAsync();
        await Expect(page.Locator(".entry").First).ToContainTextAsync("right password, wrong code");
        Assert.Contains(app.Mails(), mail => mail.Subject!.StartsWith("SOMEBODY KNOWS THE PASSWORD", StringComparison.Ordinal)
            && mail.Attachments.Any());
        await SignOutAsync(page);
        await SignInAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();

        // A recovery code, once and not twice
        await page.GotoAsync("/settings/second_factor");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for a code everywhere" }).ClickAsync();
        await SignOutAsync(page);
        await SignInAsync(page);
        await RecoverAsync(page, recovery!);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        await SignOutAsync(page);
        await SignInAsync(page);
        await RecoverAsync(page, recovery!);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The code is wrong");

        // Off
        clock.Advance(TimeSpan.FromSeconds(30));
        await EnterAsync(page, phone.Code());
        await page.GotoAsync("/settings/second_factor");
        await Expect(page.Locator("main")).ToContainTextAsync("9 recovery codes are left");
        clock.Advance(TimeSpan.FromSeconds(30));
        await page.Locator("#OffCode").FillAsync(phone.Code());
        await page.GetByRole(AriaRole.Button, new() { Name = "Turn off the second factor" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("The second factor is off");
        await SignOutAsync(page);
        await SignInAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        Assert.Empty(complaints);
    }

    /// <summary>What <c>AccessiblePagesTests</c> does for the pages that an address alone opens.</summary>
    [Fact]
    public async Task Axe_finds_no_fault_where_codes_are_shown_and_asked_for()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.Address);
        var page = await browser.NewPageAsync();
        await SignInAsync(page);
        await page.GotoAsync("/settings/second_factor");
        await AssertAccessibleAsync(page, "second-factor-off");
        var phone = new AuthenticatorApp((await page.Locator("#key").TextContentAsync())!, TimeProvider.System);
        await page.GetByLabel("Enter the code that the app shows").FillAsync(phone.Code());
        await page.GetByRole(AriaRole.Button, new() { Name = "Turn on the second factor" }).ClickAsync();
        await Expect(page.Locator(".codes li")).ToHaveCountAsync(10);
        await AssertAccessibleAsync(page, "second-factor-codes");
        await page.GotoAsync("/settings/second_factor");
        await AssertAccessibleAsync(page, "second-factor-on");
        await page.GotoAsync("/settings/security");
        await AssertAccessibleAsync(page, "security");
        await SignOutAsync(page);
        await SignInAsync(page);
        await EnterAsync(page, phone.WrongCode());
        await page.GetByText("Use a recovery code").ClickAsync();
        await AssertAccessibleAsync(page, "login-code");
        await EnterAsync(page, phone.Code(1));
        await page.GotoAsync("/dashboard");
        await AssertAccessibleAsync(page, "dashboard");
        await page.Locator(".alert h3 a").First.ClickAsync();
        await AssertAccessibleAsync(page, "alert");
    }

    private static async Task AssertAccessibleAsync(IPage page, string name)
    {
        foreach (var (width, height) in new[] { (375, 812), (1280, 800) })
        {
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.SetViewportSizeAsync(width, height);
                await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                if (Environment.GetEnvironmentVariable("SENTINELCAM_SCREENSHOTS") is { } folder)
                {
                    await page.ScreenshotAsync(
                        new() { Path = Path.Combine(folder, $"{name}-{width}-{scheme}.png"), FullPage = true });
                }

                var found = await page.RunAxe(AccessiblePagesTests.Rules);
                Assert.True(found.Violations.Length == 0, $"{name} {width} {scheme}: "
                    + string.Join('\n', found.Violations.Select(v => $"{v.Id}: {v.Help} {v.Nodes[0].Html}")));
            }
        }
    }

    private static async Task SignInAsync(IPage page)
    {
        await page.GotoAsync("/login");
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    private static async Task EnterAsync(IPage page, string code)
    {
        await page.GetByLabel("Code from your authenticator app").FillAsync(code);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static async Task RecoverAsync(IPage page, string code)
    {
        await page.GetByText("Use a recovery code").ClickAsync();
        await page.GetByLabel("Recovery code").FillAsync(code);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a recovery code" }).ClickAsync();
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.GetByText("Menu").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync();
    }
}
