using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>How its owner ends such a session.</summary>
public sealed partial class NewBrowserSignInsTests
{
    [Fact]
    public async Task On_the_site_signing_it_out_asks_for_the_password()
    {
        using var thief = _app.Visit(Firefox);
        await thief.SignInAsync(Anns, Password);
        await _ann.SubmitAsync("/alerts/1", new { Answer = "NotMe" }, "/alerts/1?handler=Answer");
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        _clock.Advance(TimeSpan.FromMinutes(6));

        _ann.Proof = null;
        await _ann.SubmitAsync("/alerts/1", new { }, "/alerts/1?handler=EndBrowser");
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        _ann.Proof = Password;
        var done = await _ann.SubmitAsync("/alerts/1", new { }, "/alerts/1?handler=EndBrowser");

        Assert.Contains("The browser was signed out.", done.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=EndBrowser", done.Text, StringComparison.Ordinal);
        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
        // Somebody else's alert is none
        await _app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        var page = await bob.GetAsync("/settings/security");
        Assert.Equal(HttpStatusCode.NotFound, (await bob.PostAsync(
            "/alerts/1?handler=EndBrowser", [new("__RequestVerificationToken", page.Token)])).Status);
    }

    [Fact]
    public async Task Stolen_session_that_signs_in_again_is_told_and_ended_by_that_mail()
    {
        using var thief = _app.Visit(Firefox);
        thief.TakeCookies(_app.Address, _ann);
        thief.RenameCookie(_app.Address, $"{_app.SessionCookie}.Browser.1", "other");
        await thief.SignInAsync(Anns, Password);
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);
        using var owner = _app.Visit();

        await owner.SubmitAsync(await LinkAsync(1), new { Answer = "NotMe" }, Form);

        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
    }
}
