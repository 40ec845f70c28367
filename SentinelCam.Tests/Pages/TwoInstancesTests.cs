using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Two instances on one host, with one browser for both: browsers send cookies to every port.</summary>
public class TwoInstancesTests
{
    [Fact]
    public async Task Signing_in_at_one_leaves_session_and_form_of_the_other_intact()
    {
        await using var a = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        await using var b = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await a.RegisterAnnAsync()).Dispose();
        (await b.RegisterAnnAsync()).Dispose();
        using var browser = a.Visit();

        // A form of A stays open while the visitor signs in at B
        var form = await browser.GetAsync("/login");
        Assert.Equal("/dashboard", (await SignInAtAsync(b)).Path);
        var wrong = await browser.SubmitAsync(form, new { Email = SentinelCamApp.AnnsEmail, Password = "a wrong password" });
        Assert.Equal(HttpStatusCode.OK, wrong.Status);
        Assert.Equal(1, await a.ReadAsync(db => db.LoginAttempts.CountAsync()));

        Assert.Equal("/dashboard", (await SignInAtAsync(a)).Path);
        foreach (var app in new[] { b, a, b })
            Assert.Equal("/dashboard", (await browser.GetAsync(new Uri(app.Address, "/dashboard").ToString())).Path);

        Assert.NotEqual(a.SessionCookie, b.SessionCookie);

        async Task<WebAnswer> SignInAtAsync(SentinelCamApp app)
        {
            var page = await browser.GetAsync(new Uri(app.Address, "/login").ToString());
            return await browser.PostAsync(new Uri(app.Address, "/login").ToString(),
            [
                new("Email", SentinelCamApp.AnnsEmail), new("Password", SentinelCamApp.Password),
                new("__RequestVerificationToken", page.Token),
            ]);
        }
    }

    [Fact]
    public async Task Names_of_cookies_stay_the_same_from_start_to_start()
    {
        await using var app = await SentinelCamApp.StartAsync();
        var before = app.SessionCookie;

        await using var again = await app.StartAgainAsync();

        Assert.Equal(before, again.SessionCookie);
        Assert.Matches("^SentinelCam[.][0-9a-f]{8}$", before);
    }

    [Fact]
    public async Task No_cookie_has_a_name_that_instances_share()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();

        // Deleting nothing leaves a notice for the next page
        var token = Uri.EscapeDataString((await ann.GetAsync("/settings")).Token);
        var answer = await RawHttp.SendAsync(app.Address, RawHttp.Post(
            app.Address, "/delete_log", ann.CookiesFor(app.Address), $"__RequestVerificationToken={token}", "Tests/1.0"));

        const string SetCookie = "Set-Cookie: ";
        var names = answer.Split("\r\n").Where(line => line.StartsWith(SetCookie, StringComparison.Ordinal))
            .Concat(ann.CookiesFor(app.Address).Split("; ").Select(cookie => SetCookie + cookie))
            .Select(line => line[SetCookie.Length..].Split('=')[0]).Distinct().ToList();
        Assert.Equal(["", ".Browser.1", ".Form", ".Notice"],
            names.Select(name => name.Replace(app.SessionCookie, "", StringComparison.Ordinal)).Order());
    }
}
