using SentinelCam.Pages;
using SentinelCam.Tests.Support;
using Serilog.Core;
using Serilog.Events;

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

        foreach (var path in new[] { "/", "/login", "/register", "/error", "/was_it_you?token=junk" })
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

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "Email=%00")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nnonsense\r\n\r\n")]
    public async Task Unreadable_forms_whose_visitors_hang_up_write_no_trace(string type, string form)
    {
        await using var app = await SentinelCamApp.StartAsync();
        var request = $"POST /login HTTP/1.1\r\nHost: {app.Address.Authority}\r\nContent-Type: {type}\r\n"
            + $"Content-Length: {form.Length}\r\n\r\n{form}";

        // At once, so that most connections are closed before their form is read
        Parallel.For(0, 100, _ => RawHttp.SendAndHangUp(app.Address, request));

        // Waits for the connections
        await app.StopAsync();
        Assert.DoesNotContain("Exception", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_web_server_says_about_connections_is_limited_too()
    {
        var limit = new VisitorLogLimit(household.Clock);

        var lines = Enumerable.Range(0, 100).Count(_ => limit.IsEnabled(LineOf("Microsoft.AspNetCore.Server.Kestrel")));

        Assert.InRange(lines, 1, MaxLines);
        Assert.True(limit.IsEnabled(LineOf("SentinelCam.Jobs.RetentionJob")));
    }

    private static LogEvent LineOf(string source) => new(
        DateTimeOffset.UnixEpoch, LogEventLevel.Warning, new InvalidOperationException(), MessageTemplate.Empty,
        [new LogEventProperty(Constants.SourceContextPropertyName, new ScalarValue(source))]);

    /// <summary>Without the camera's, which the visits open.</summary>
    private string[] Lines(int before) =>
    [
        .. household.App.Log()[before..].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("amera", StringComparison.Ordinal)),
    ];
}
