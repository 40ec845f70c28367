using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What the dashboard says about the last day and the last month.</summary>
[Trait("Database", "Both")]
public class DashboardTests(Household household) : IClassFixture<Household>
{
    [Fact]
    public async Task Dashboard_counts_ones_own_attempts_by_day_and_outcome()
    {
        Assert.Contains("All quiet", (await household.Eve.GetAsync("/dashboard")).Main, StringComparison.Ordinal);
        Assert.Contains("Failed sign-ins to your account appear here as bars", (await household.Eve.GetAsync("/dashboard")).Main,
            StringComparison.Ordinal);
        Assert.Contains(
            "Nothing has happened yet", (await household.Eve.GetAsync("/dashboard")).Main, StringComparison.Ordinal);

        for (var i = 0; i < 6; i++)
            await household.App.FailToSignInAsync(Household.Eves, isCaptured: false);
        await household.App.FailToSignInAsync(Household.Bobs, isCaptured: false);
        household.Clock.Sleep(TimeSpan.FromDays(2));
        using var eve = await household.App.VisitAsAsync(Household.Eves);
        await household.App.FailToSignInAsync(Household.Eves, isCaptured: false);
        var page = await eve.GetAsync("/dashboard");

        Assert.Equal("1 alert", page.Document.QuerySelector("#day .number")!.TextContent.OnOneLine());
        var bars = page.Document.QuerySelectorAll("#chart figure > svg > rect");
        Assert.Equal(
            ["3 Jan 2030: 1 wrong password", "1 Jan 2030: 5 wrong password",
                "1 Jan 2030: 1 account locked after too many failures"],
            bars.Select(bar => bar.QuerySelector("title")!.TextContent));
        Assert.All(bars, bar => Assert.Null(bar.GetAttribute("style")));
        Assert.StartsWith("7 failed sign-ins in 30 days, 6 on the worst day",
            page.Document.QuerySelector("#chart-text")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(
            ["3 Jan 203010", "1 Jan 203051"], page.Document.QuerySelectorAll("#chart tbody tr").Select(row => row.TextContent));
        household.Clock.Sleep(TimeSpan.FromDays(30));
        using var later = await household.App.VisitAsAsync(Household.Eves);
        Assert.Contains(
            "Failed sign-ins in the last 30 days None.", (await later.GetAsync("/dashboard")).Main, StringComparison.Ordinal);
    }
}
