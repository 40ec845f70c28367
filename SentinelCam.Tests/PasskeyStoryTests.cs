using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Pages;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>An owner makes and uses passkeys in a real browser, with a virtual device.</summary>
[Trait("Database", "Both")]
public class PasskeyStoryTests
{
    [Fact]
    public async Task Owner_makes_two_passkeys_names_them_removes_one_and_signs_in_with_the_other()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.AddressByName());
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        var device = await VirtualDevice.AddAsync(page, "internal");
        await SignInAsync(page);

        await page.GotoAsync("/settings/security");
        await page.GetByRole(AriaRole.Link, new() { Name = "Passkeys", Exact = true }).ClickAsync();
        await AddAsync(page, "Laptop");
        // A device makes only one for an account
        await device.RemoveAsync();
        device = await VirtualDevice.AddAsync(page, "usb");
        await AddAsync(page, "Key");
        await Expect(page.Locator(".passkeys li")).ToHaveCountAsync(2);
        await LookAsync(page, "list");

        var laptop = page.Locator(".passkeys li").Filter(new() { HasText = "Laptop" });
        await laptop.GetByText("Rename").ClickAsync();
        await laptop.GetByLabel("New name of Laptop").FillAsync("Old laptop");
        await laptop.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("The passkey was renamed");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove Old laptop" }).ClickAsync();
        await Expect(page.Locator(".passkeys li")).ToHaveCountAsync(1);

        await SignOutAsync(page);
        await page.GotoAsync("/login?ReturnUrl=%2Fuserdata");
        await LookAsync(page, "sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Image log" })).ToBeVisibleAsync();
        await page.GotoAsync("/settings/passkeys");
        await Expect(page.Locator(".passkeys li")).ToContainTextAsync("last used");
        Assert.Empty(complaints);
        Assert.Equal(0, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.PasskeyRefused)));
    }

    [Fact]
    public async Task Browser_offers_the_passkey_by_itself()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.AddressByName());
        var page = await browser.NewPageAsync();
        var device = await VirtualDevice.AddAsync(page, "internal");
        await SignInAsync(page);
        await page.GotoAsync("/settings/passkeys");
        await AddAsync(page, "Laptop");
        await SignOutAsync(page);

        // The virtual device chooses the passkey as somebody would who clicks on it among the suggestions
        await page.GotoAsync("/login");

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        GC.KeepAlive(device);
    }

    [Fact]
    public async Task Passkey_that_was_removed_or_whose_owner_is_not_verified_is_a_failed_sign_in_with_a_picture()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.AddressByName());
        var page = await browser.NewPageAsync();
        var device = await VirtualDevice.AddAsync(page, "usb");
        await SignInAsync(page);
        await page.GotoAsync("/settings/passkeys");
        await AddAsync(page, "Key");
        await SignOutAsync(page);

        // The browser itself refuses to answer: nobody has tried to sign in
        await device.SetVerifiedAsync(false);
        await page.GotoAsync("/login");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Expect(page.Locator(".passkey [role=alert]")).ToContainTextAsync("No passkey was used");
        Assert.False(await app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.Outcome != LoginOutcome.SucceededInNewBrowser)));

        await device.SetVerifiedAsync(true);
        await app.ReadAsync(db => db.UserPasskeys.ExecuteDeleteAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("The passkey was not accepted");
        await app.WaitForAsync(
            db => db.ImageLog.Where(e => e.Outcome == LoginOutcome.UnknownAccount).Select(e => e.CaptureState).SingleAsync(),
            state => state == CaptureState.Taken);
    }

    [Fact]
    public async Task Passkey_answers_the_question_before_a_sensitive_change()
    {
        Chromium.SkipUnlessInstalled();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.AddressByName());
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await VirtualDevice.AddAsync(page, "usb");
        await SignInAsync(page);
        await page.GotoAsync("/settings/passkeys");
        await AddAsync(page, "Key");
        clock.Advance(LiveSession.ProofLifetime + TimeSpan.FromSeconds(1));

        // In place of the page, which is how the question comes where scripts send the form
        await page.GotoAsync("/admin/mail");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("test email") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" })).ToBeVisibleAsync();
        await LookAsync(page, "proof");
        await page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();

        await Expect(page.Locator("main")).ToContainTextAsync("Test email to");
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Passkey_follows_the_password_in_place_of_a_code()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.AddressByName());
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        await VirtualDevice.AddAsync(page, "usb");
        await SignInAsync(page);
        await page.GotoAsync("/settings/passkeys");
        await AddAsync(page, "Key");
        await SignOutAsync(page);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.TwoFactorEnabled, true)));

        await page.GotoAsync("/login");
        await FillAsync(page);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" })).ToBeVisibleAsync();
        await LookAsync(page, "code");
        await page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        await page.GotoAsync("/settings/sessions");
        await Expect(page.Locator(".sessions li").First).ToContainTextAsync("with the password and a passkey");
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Without_scripts_the_pages_say_what_is_not_possible()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(
            app.AddressByName(), new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/login");
        await Expect(page.Locator("main")).ToContainTextAsync("A passkey needs JavaScript");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" })).ToBeHiddenAsync();
        await SignInAsync(page);

        await page.GotoAsync("/settings/passkeys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("Switch JavaScript on, or use another browser");
    }

    private static async Task SignInAsync(IPage page)
    {
        await page.GotoAsync("/login");
        await FillAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
    }

    private static async Task FillAsync(IPage page)
    {
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.GotoAsync("/logout");
        await page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).First).ToBeVisibleAsync();
    }

    /// <summary>Axe finds no fault, in light and dark, narrow and wide.</summary>
    private static async Task LookAsync(IPage page, string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await AccessiblePagesTests.UseAsync(page, scheme);
            foreach (var (width, height) in new[] { (375, 812), (1280, 800) })
            {
                await page.SetViewportSizeAsync(width, height);
                Assert.Empty(await AccessiblePagesTests.FaultsAsync(page, AccessiblePagesTests.Rules));
                await AccessiblePagesTests.SaveAsync(page, $"passkeys-{name}-{scheme}-{width}", fullPage: true);
            }
        }
    }

    private static async Task AddAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await LookAsync(page, "add");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the passkey" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("The passkey was added");
        await Expect(page.Locator(".passkeys")).ToContainTextAsync(name);
    }

    /// <summary>A device that makes passkeys, as Chromium's developer tools simulate it.</summary>
    private sealed record VirtualDevice(ICDPSession Tools, string Id)
    {
        public static async Task<VirtualDevice> AddAsync(IPage page, string transport)
        {
            var tools = await page.Context.NewCDPSessionAsync(page);
            await tools.SendAsync("WebAuthn.enable");
            var added = await tools.SendAsync("WebAuthn.addVirtualAuthenticator", new()
            {
                ["options"] = new
                {
                    protocol = "ctap2",
                    transport,
                    hasResidentKey = true,
                    hasUserVerification = true,
                    isUserVerified = true,
                    automaticPresenceSimulation = true,
                },
            });
            return new VirtualDevice(tools, added!.Value.GetProperty("authenticatorId").GetString()!);
        }

        public Task SetVerifiedAsync(bool isVerified) => Tools.SendAsync(
            "WebAuthn.setUserVerified", new() { ["authenticatorId"] = Id, ["isUserVerified"] = isVerified });

        public Task RemoveAsync() =>
            Tools.SendAsync("WebAuthn.removeVirtualAuthenticator", new() { ["authenticatorId"] = Id });
    }
}
