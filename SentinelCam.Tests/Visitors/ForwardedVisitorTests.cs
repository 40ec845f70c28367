using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Visitors;

/// <summary>Nobody who comes through a proxy is taken for a person at this machine.</summary>
public class ForwardedVisitorTests(ForwardedVisitorTests.Trusting household) : IClassFixture<ForwardedVisitorTests.Trusting>
{
    private const string Appends = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

    [Theory]
    [InlineData("\"x")]
    [InlineData("\"x, y")]
    [InlineData("x, \"")]
    [InlineData("\"127.0.0.1")]
    [InlineData("\\\"")]
    public async Task Unreadable_client_through_real_nginx_is_unknown(string header)
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        await using var nginx = await Nginx.StartAsync($"location / {{ proxy_pass {household.App.Address}; {Appends} }}");
        using var visitor = new WebVisitor(nginx.Address, "Forger/1.0");

        var account = await FailAsync(visitor, ("X-Forwarded-For", header));

        Assert.Equal("unknown", await AddressOfAsync(account));
        Assert.Contains("from an unknown address", (await household.Ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_nginx_names_is_recorded()
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        await using var nginx = await Nginx.StartAsync(
            $"location / {{ proxy_pass {household.App.Address}; proxy_set_header X-Forwarded-For 203.0.113.9; }}");
        using var visitor = new WebVisitor(nginx.Address, "Visitor/1.0");

        Assert.Equal("203.0.113.9", await AddressOfAsync(await FailAsync(visitor, ("X-Forwarded-For", "127.0.0.1"))));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "unknown")]
    [InlineData("X-Forwarded-For", "_hidden")]
    [InlineData("X-Forwarded-For", "")]
    [InlineData("X-Forwarded-For", ",")]
    [InlineData("X-Forwarded-For", "203.0.113.9:99999")]
    [InlineData("X-Forwarded-For", "203.0.113.9, x")]
    [InlineData("X-Forwarded-For", "[::1")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Original-For", "203.0.113.9")]
    [InlineData("Forwarded", "for=203.0.113.9")]
    [InlineData("X-Real-IP", "203.0.113.9")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Forwarded_request_without_a_readable_client_is_unknown(string name, string value)
    {
        using var visitor = household.App.Visit();

        Assert.Equal("unknown", await AddressOfAsync(await FailAsync(visitor, (name, value))));
        // Beside a header that only ASP.NET Core sets
        if (name is "X-Forwarded-For")
        {
            var account = await FailAsync(visitor, (name, value), ("X-Original-For", "203.0.113.9:1"));
            Assert.Equal("unknown", await AddressOfAsync(account));
        }
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9:1234", "203.0.113.9")]
    [InlineData("\"x, 203.0.113.9\", 198.51.100.1", "198.51.100.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    public async Task Readable_client_is_recorded(string header, string address)
    {
        using var visitor = household.App.Visit();

        Assert.Equal(address, await AddressOfAsync(await FailAsync(visitor, ("X-Forwarded-For", header))));
    }

    [Fact]
    public async Task Without_a_trusted_proxy_a_header_does_not_name_this_machine_either()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var visitor = app.Visit();
        await visitor.SubmitAsync(
            "/login", new { Email = "forger@example.org", Password = "a wrong password" }, null, ("X-Forwarded-For", "\"x"));
        await visitor.SubmitAsync("/login", new { Email = "local@example.org", Password = "a wrong password" });

        Assert.Equal(["unknown", "127.0.0.1"],
            await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.RemoteAddress).ToListAsync()));
    }

    private static async Task<string> FailAsync(WebVisitor visitor, params (string, string)[] headers)
    {
        var account = $"{Guid.NewGuid():N}@example.org";
        await visitor.SubmitAsync("/login", new { Email = account, Password = "a wrong password" }, null, headers);
        return account;
    }

    private Task<string> AddressOfAsync(string account) => household.App.ReadAsync(
        db => db.LoginAttempts.Where(a => a.AccountTyped == account).Select(a => a.RemoteAddress).SingleAsync());

    public sealed class Trusting : Household
    {
        protected override (string Key, string? Value)[] Settings => [("ForwardedHeaders_Enabled", "true")];
    }
}
