using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>An administrator demands a second factor.</summary>
[Trait("Database", "Both")]
public class SecondFactorDemandTests(Household household) : IClassFixture<Household>
{
    private const string Rule = "/admin/second_factor", SetUp = "/settings/second_factor";

    [Fact]
    public async Task Those_who_lack_it_are_led_to_turn_it_on_and_can_do_nothing_else_before()
    {
        var saved = await household.Ann.SubmitAsync(Rule, new { Demand = "Everybody" });
        // The administrator has none either
        Assert.Equal(SetUp, saved.Path);
        Assert.Contains("your account needs a second factor", saved.Main, StringComparison.Ordinal);

        foreach (var path in new[] { "/dashboard", "/userdata", "/settings", "/settings/security", "/userdata?handler=Export" })
            Assert.Equal(SetUp, (await household.Bob.GetAsync(path)).Path);
        foreach (var path in new[] { "/snapshots/1", "/dashboard/events", "/alerts/1" })
            Assert.Equal(SetUp, (await household.Bob.GetAsync(path)).Path);
        foreach (var path in new[] { "/hangfire", "/admin", "/admin/accounts", "/snapshots/1" })
            Assert.Equal(SetUp, (await household.Ann.GetAsync(path)).Path);
        var form = await household.Bob.GetAsync(SetUp);
        Assert.Equal(SetUp, (await household.Bob.PostAsync(
            "/capture", [new("__RequestVerificationToken", form.Token)])).Path);
        Assert.Equal(0, await household.App.ReadAsync(db => db.ImageLog.CountAsync()));
        var fragment = await household.Bob.GetAsync("/dashboard", ("HX-Request", "true"));
        Assert.Equal(SetUp, fragment.Headers["HX-Redirect"]);

        var phone = await AuthenticatorApp.TurnOnAsync(household.Bob, household.Clock);
        Assert.Equal("/dashboard", (await household.Bob.GetAsync("/dashboard")).Path);
        using var later = household.App.Visit();
        household.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("/dashboard",
            (await later.EnterCodeAsync(await later.EnterPasswordAsync(Household.Bobs), phone.Code())).Path);

        // Turning it off again is possible, and leads back
        household.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(SetUp, (await later.SubmitAsync(SetUp, new { Code = phone.Code() }, $"{SetUp}?handler=Off")).Path);
        Assert.Equal("/", (await household.Eve.SignOutAsync()).Path);

        await AuthenticatorApp.TurnOnAsync(household.Ann, household.Clock);
        saved = await household.Ann.SubmitAsync(Rule, new { Demand = "Administrators" });
        Assert.Contains(
            "A second factor is demanded of administrators from now on", saved.Main + saved.Text, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await later.GetAsync("/dashboard")).Path);
    }
}
