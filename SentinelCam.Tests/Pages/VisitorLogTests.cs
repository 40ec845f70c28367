using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Strangers cannot fill the log.</summary>
public class VisitorLogTests(Household household) : IClassFixture<Household>
{
    private const int MaxLines = 60;

    public static TheoryData<string> Cookies =>
    [
        ".Notice=junk", ".Notice=CfDJ8AAAA", ".Notice=chunks-3", ".Notice=chunks-99999", ".Form=junk", ".Form=CfDJ8AAAA", "=junk",
        "=chunks-7",
    ];

    [Theory]
    [MemberData(nameof(Cookies))]
    public async Task Junk_cookies_write_one_line_each_and_few_in_a_minute(string cookie)
    {
        household.Clock.Advance(TimeSpan.FromMinutes(2));
        var before = household.App.Log().Length;

        foreach (var path in new[] { "/", "/login", "/register", "/error", "/confirm_recipient?token=junk" })
        {
            for (var i = 0; i < 30; i++)
                await household.Nobody.GetAsync(path, ("Cookie", household.App.SessionCookie + cookie));
        }

        var lines = Lines(before);
        Assert.InRange(lines.Length, 0, MaxLines);
        if (cookie.StartsWith(".Notice", StringComparison.Ordinal))
            Assert.NotEmpty(lines);
        Assert.DoesNotContain("Exception", string.Concat(lines), StringComparison.Ordinal);
        Assert.True(lines.Sum(line => line.Length) < MaxLines * 300);
        if (cookie is ".Notice=junk")
        {
            Assert.Contains("further lines about requests of 127.0.0.1 are left out", lines[^1], StringComparison.Ordinal);
            household.Clock.Advance(TimeSpan.FromMinutes(1));
            await household.Nobody.GetAsync("/login", ("Cookie", household.App.SessionCookie + cookie));
            Assert.True(Lines(before).Length > lines.Length);
        }
    }

    [Fact]
    public async Task Whoever_is_signed_in_is_logged_without_a_limit()
    {
        household.Clock.Advance(TimeSpan.FromMinutes(2));
        var before = household.App.Log().Length;
        for (var i = 0; i < MaxLines + 5; i++)
            await household.Bob.GetAsync(
                "/dashboard",
                ("Cookie", $"{household.Bob.CookiesFor(household.App.Address)}; {household.App.SessionCookie}.Notice=junk"));

        Assert.True(Lines(before).Length > MaxLines);
    }

    /// <summary>Without the camera's, which the visits open.</summary>
    private string[] Lines(int before) =>
    [
        .. household.App.Log()[before..].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("amera", StringComparison.Ordinal)),
    ];
}
