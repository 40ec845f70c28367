using Microsoft.Playwright;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests;

/// <summary>
/// An administrator invites somebody with a link, who creates an account and signs in, in a real browser, with scripts and
/// without.
/// </summary>
[Trait("Database", "Both")]
public class InvitationStoryTests
{
    private const string Guest = "guest@example.net", Password = "another horse, another battery";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Link_from_the_administrators_page_leads_to_the_first_sign_in(bool scripts)
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync(("Registration:Mode", "Closed"));
        (await app.RegisterAnnAsync()).Dispose();
        var options = new BrowserNewContextOptions { JavaScriptEnabled = scripts };
        await using var anns = await Chromium.OpenAsync(app.Address, options);
        await using var guests = await Chromium.OpenAsync(app.Address, options);
        var (ann, guest) = (await anns.NewPageAsync(), await guests.NewPageAsync());
        var complaints = Chromium.Complaints(guest);
        await HouseOfPictures.SignInAsync(ann);

        await ann.GotoAsync("/admin/accounts");
        await ann.GetByRole(AriaRole.Button, new() { Name = "Make a link to pass on" }).ClickAsync();
        var link = await ann.GetByLabel("Copy the link now").InputValueAsync();
        await Expect(ann.GetByRole(AriaRole.Button, new() { Name = "Revoke the invitation" })).ToHaveCountAsync(1);

        await guest.GotoAsync(link);
        await Expect(guest.Locator("#main")).ToContainTextAsync("Ann invites you");
        await guest.GetByLabel("User name").FillAsync("Guest");
        await guest.GetByLabel("Email address").FillAsync(Guest);
        await guest.GetByLabel("Password").FillAsync(Password);
        await guest.GetByRole(AriaRole.Button, new() { Name = "Create my account" }).ClickAsync();
        await Expect(guest.Locator("#notice")).ToContainTextAsync("Your account is ready");
        await guest.GetByLabel("Email address").FillAsync(Guest);
        await guest.GetByLabel("Password").FillAsync(Password);
        await guest.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(guest.GetByRole(AriaRole.Heading, new() { Name = "Dashboard" })).ToBeVisibleAsync();
        Assert.Empty(complaints);

        await ann.GotoAsync("/admin/accounts");
        await Expect(ann.GetByRole(AriaRole.Row, new() { Name = Guest })).ToContainTextAsync("approved");
        await Expect(ann.GetByRole(AriaRole.Button, new() { Name = "Revoke the invitation" })).ToHaveCountAsync(0);
        await guest.GotoAsync(link);
        await Expect(guest.GetByRole(AriaRole.Alert)).ToContainTextAsync("has been used");
    }
}
