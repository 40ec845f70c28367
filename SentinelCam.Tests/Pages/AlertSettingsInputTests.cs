using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Invalid alert preferences on <c>/settings</c>.</summary>
public class AlertSettingsInputTests(Household household) : IClassFixture<Household>
{
    [Theory]
    [InlineData("AlertFrom", "0", "1 to 10")]
    [InlineData("AlertFrom", "11", "1 to 10")]
    [InlineData("AlertFrom", "", "1 to 10")]
    [InlineData("AlertFrom", "<b>", "1 to 10")]
    [InlineData("QuietMinutes", "0", "1 to 1440")]
    [InlineData("QuietMinutes", "-1", "1 to 1440")]
    [InlineData("QuietMinutes", "1441", "1 to 1440")]
    [InlineData("QuietMinutes", "99999999999999999999", "1 to 1440")]
    [InlineData("TimeZone", "Europe/Atlantis", "Choose a time zone")]
    [InlineData("TimeZone", "../../etc/passwd", "Choose a time zone")]
    [InlineData("PausedUntil", "2029-12-31T12:00", "Enter a future time")]
    [InlineData("PausedUntil", "2031-01-01T12:00", "at most 30 days ahead")]
    [InlineData("PausedUntil", "9999-12-31T23:59", "at most 30 days ahead")]
    [InlineData("PausedUntil", "tomorrow", "Enter a future time")]
    public async Task Invalid_preference_changes_nothing_and_is_explained(string field, string value, string words)
    {
        var page = await household.Bob.GetAsync("/settings");
        var fields = new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = page.Token,
            ["AlertFrom"] = "2",
            ["QuietMinutes"] = "10",
            ["TimeZone"] = "Asia/Tokyo",
            ["PausedUntil"] = "",
            [field] = value,
        };

        var answer = await household.Bob.PostAsync("/settings?handler=Alerts", fields);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains(words, answer.Main, StringComparison.Ordinal);
        var account = await household.App.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(a => a.Email == Household.Bobs));
        Assert.Equal((1, null, null, null), (account.AlertFrom, account.QuietMinutes, account.TimeZone, account.PausedUntil));
    }
}
