using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Visitors;

/// <summary>Forwarding headers count only from proxies that the configuration names.</summary>
public class NamedProxyTests
{
    private static readonly (string, string) Forged = ("X-Forwarded-For", "203.0.113.9");

    [Fact]
    public async Task Named_proxy_names_the_visitor_without_another_switch()
    {
        await using var app = await StartAsync(("Site:Proxies", "127.0.0.1, 10.0.0.0/24"));

        Assert.Equal("203.0.113.9", await AddressOfAsync(app, Forged));
        // Through two named proxies; what stands before them is not believed
        Assert.Equal("203.0.113.9", await AddressOfAsync(app, ("X-Forwarded-For", "198.51.100.7, 203.0.113.9, 10.0.0.5")));
        Assert.Equal("10.0.1.5", await AddressOfAsync(app, ("X-Forwarded-For", "203.0.113.9, 10.0.1.5")));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Headers_from_any_other_machine_are_not_believed(string isOn)
    {
        await using var app = await StartAsync(("Site:Proxies", "10.0.0.1"), ("ForwardedHeaders_Enabled", isOn));
        using var visitor = app.Visit();

        Assert.Equal("unknown", await AddressOfAsync(app, Forged));
        var page = await visitor.GetAsync("/login", ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"));
        Assert.DoesNotContain("secure", page.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.False(page.Headers.ContainsKey("Strict-Transport-Security"));
    }

    [Fact]
    public async Task Switch_of_the_framework_trusts_this_machine_only()
    {
        await using var app = await StartAsync(("ForwardedHeaders_Enabled", "true"));

        Assert.Equal("203.0.113.9", await AddressOfAsync(app, Forged));
        Assert.Contains("Forwarding headers are believed only from this machine", app.Log(), StringComparison.Ordinal);
        var proxies = (ProxyOptions)app.Services.GetService(typeof(ProxyOptions))!;
        Assert.False(proxies.Contain(IPAddress.Parse("192.168.1.5")));
        Assert.True(proxies.Contain(IPAddress.Parse("::ffff:127.0.0.1")));
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("10.0.0.1/33")]
    [InlineData("0.0.0.0/0")]
    [InlineData("127.0.0.1, ::/0")]
    public void Value_that_names_no_proxy_stops_the_start(string value)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Site:Proxies", value)]).Build();

        var error = Assert.Throws<ConfigurationException>(() => ProxyOptions.Read(configuration));
        Assert.Contains("Site:Proxies", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_TLS_a_browser_is_told_to_stay_there_and_cookies_are_secure()
    {
        await using var app = await StartAsync(("Site:PublicUrl", "https://cam.example.org"), ("Site:Proxies", "127.0.0.1"));
        using var visitor = app.Visit();

        var page = await visitor.GetAsync(
            "/login", ("Host", "cam.example.org"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal("max-age=31536000", page.Headers["Strict-Transport-Security"]);
        Assert.Contains("secure", page.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.Null(page.Document.QuerySelector("#plain-http"));
    }

    [Theory]
    [InlineData("/login", false, "X-Unrelated", "x")]
    [InlineData("/login", true, "X-Forwarded-For", "203.0.113.9")]
    [InlineData("/register", true, "X-Forwarded-For", "203.0.113.9")]
    [InlineData("/login", true, "Host", "camera.example")]
    [InlineData("/login", false, "X-Forwarded-Proto", "https")]
    public async Task Plain_HTTP_from_another_machine_is_warned_of(string path, bool isWarned, string name, string value)
    {
        await using var app = await StartAsync();
        using var visitor = app.Visit();

        var page = await visitor.GetAsync(path, (name, value));

        Assert.Equal(isWarned, page.Document.QuerySelector("#plain-http") is not null);
        Assert.Equal(isWarned, page.Main.Contains("can be read on its way", StringComparison.Ordinal));
    }

    private static Task<SentinelCamApp> StartAsync(params (string, string?)[] settings) =>
        SentinelCamApp.StartAsync(null, Household.CheapPasswords, settings);

    private static async Task<string> AddressOfAsync(SentinelCamApp app, params (string, string)[] headers)
    {
        using var visitor = app.Visit();
        await visitor.SubmitAsync(
            "/login", new { Email = "forger@example.org", Password = "a wrong password" }, null, headers);
        return await app.ReadAsync(db => db.LoginAttempts.OrderByDescending(a => a.Id).Select(a => a.RemoteAddress).FirstAsync());
    }
}
