using Microsoft.Playwright;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What people do without a mouse, and what programs fill in for them.</summary>
public class KeyboardTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    [Fact]
    public async Task Keyboard_alone_is_enough_to_sign_in_and_the_focus_is_always_visible()
    {
        await using var browser = await Chromium.OpenAsync(house.App.Address);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/login");
        await Assertions.Expect(page.GetByLabel("Email address")).ToBeFocusedAsync();

        await page.Keyboard.TypeAsync(SentinelCamApp.AnnsEmail);
        await page.Keyboard.PressAsync("Tab");
        // Password managers insert text, and people paste it
        await page.Keyboard.InsertTextAsync(SentinelCamApp.Password);
        await page.Keyboard.PressAsync("Enter");
        await Chromium.ArriveAsync(page, "/dashboard");
        await Assertions.Expect(page.Locator("#viewer")).ToBeAttachedAsync();

        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" })).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");
        for (var i = 0; i < 8; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var unseen = await page.EvaluateAsync<string?>("""
                (() => {
                  const style = getComputedStyle(document.activeElement);
                  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                  return outlined || style.boxShadow !== "none" ? null : document.activeElement.outerHTML.slice(0, 300);
                })()
                """);
            Assert.True(unseen is null, $"Tab {i}: the focus is invisible on {unseen}");
        }
    }

    [Fact]
    public async Task Password_managers_find_their_fields()
    {
        var signIn = await house.App.Visit().GetAsync("/login");
        Assert.Equal("username webauthn", signIn.Document.QuerySelector("#Email")!.GetAttribute("autocomplete"));
        Assert.Equal("current-password", signIn.Document.QuerySelector("#Password")!.GetAttribute("autocomplete"));
        var register = await house.App.Visit().GetAsync("/register");
        Assert.Equal("new-password", register.Document.QuerySelector("#Password")!.GetAttribute("autocomplete"));
    }
}
