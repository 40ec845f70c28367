using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Sessions expire, and their cookies are out of reach of scripts and other sites.</summary>
public class SessionTests(Household household) : IClassFixture<Household>
{
    [Fact]
    public async Task Session_expires_after_twelve_idle_hours()
    {
        using var bob = await household.App.VisitAsAsync(Household.Bobs);
        household.Clock.Sleep(TimeSpan.FromHours(11));
        Assert.Equal("/dashboard", (await bob.GetAsync("/dashboard")).Path);
        household.Clock.Sleep(TimeSpan.FromHours(13));

        var fragment = await bob.GetAsync("/userdata", ("HX-Request", "true"));
        Assert.Equal(HttpStatusCode.Unauthorized, fragment.Status);
        Assert.Contains("/login?ReturnUrl=%2Fuserdata", fragment.Headers["HX-Redirect"], StringComparison.Ordinal);
        Assert.Equal("/login", (await bob.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Session_ends_after_seven_days_even_if_it_is_used()
    {
        using var eve = await household.App.VisitAsAsync(Household.Eves);
        for (var hours = 0; hours < 7 * 24 - 8; hours += 8)
        {
            household.Clock.Sleep(TimeSpan.FromHours(8));
            var answer = await eve.GetAsync("/dashboard");
            Assert.Equal("/dashboard", answer.Path);
            Assert.DoesNotContain($"{household.App.SessionCookie}=", answer.Headers.GetValueOrDefault("Set-Cookie", ""),
                StringComparison.Ordinal);
        }

        household.Clock.Sleep(TimeSpan.FromHours(8));
        Assert.Equal("/login", (await eve.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Limits_can_be_configured_and_what_was_seen_survives_a_restart()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, ("Session:Idle", "00:10:00"));
        using var ann = await app.RegisterAnnAsync();
        clock.AdvanceMinutes(9);
        Assert.Equal("/dashboard", (await ann.GetAsync("/dashboard")).Path);

        await using var again = await app.StartAgainAsync(clock, Household.CheapPasswords, ("Session:Idle", "00:10:00"));
        using var later = again.Visit();
        later.TakeCookies(again.Address, ann);
        clock.AdvanceMinutes(9);
        Assert.Equal("/dashboard", (await later.GetAsync("/dashboard")).Path);
        clock.AdvanceMinutes(10);
        Assert.Equal("/login", (await later.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Cookies_are_out_of_reach_of_scripts_and_other_sites()
    {
        using var visitor = household.App.Visit();
        var form = (await visitor.GetAsync("/login")).Headers["Set-Cookie"];
        Assert.Matches(@"^SentinelCam\.[0-9a-f]{8}\.Form=", form);
        Assert.Contains("samesite=strict", form, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", form, StringComparison.OrdinalIgnoreCase);

        // Sent by hand, since the visitor follows the redirect that sets the cookie
        var (cookies, fields) = await RawHttp.LoginFormAsync(household.App, Household.Eves);
        fields = fields.Replace("a+wrong+password", SentinelCamApp.Password.Replace(' ', '+'), StringComparison.Ordinal);
        var answer = await RawHttp.SendAsync(
            household.App.Address, RawHttp.Post(household.App.Address, "/login", cookies, fields, "Tests/1.0"));
        var session = Assert.Single(
            answer.Split("\r\n"),
            line => line.StartsWith($"Set-Cookie: {household.App.SessionCookie}=", StringComparison.Ordinal));
        Assert.Contains("samesite=lax", session, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", session, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("expires", session, StringComparison.OrdinalIgnoreCase);
    }
}
