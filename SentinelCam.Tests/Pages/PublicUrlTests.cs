using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>The site behind a proxy, under its public address.</summary>
public class PublicUrlTests(PublicUrlTests.Published household) : IClassFixture<PublicUrlTests.Published>
{
    private const string Site = "https://cam.example.org:8443";
    private static readonly (string, string) Host = ("Host", "cam.example.org:8443");

    [Theory]
    [InlineData("")]
    [InlineData("proxy_set_header Host $host;")]
    [InlineData("proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;")]
    public async Task Links_redirects_and_cookies_have_the_public_address_whatever_nginx_passes_on(string headers)
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        await using var nginx = await Nginx.StartAsync(
            $"location / {{ proxy_pass {household.App.Address}; proxy_set_header Via nginx; {headers} }}");

        var answer = await RawHttp.SendAsync(
            nginx.Address, $"GET /dashboard HTTP/1.1\r\nHost: cam.example.org:8443\r\nConnection: close\r\n\r\n");
        Assert.Contains($"Location: {Site}/login?ReturnUrl=%2Fdashboard", answer, StringComparison.Ordinal);

        var form = await RawHttp.SendAsync(
            nginx.Address, $"GET /login HTTP/1.1\r\nHost: cam.example.org:8443\r\nConnection: close\r\n\r\n");
        Assert.Matches("Set-Cookie: SentinelCam.*; secure", form);
    }

    [Theory]
    [InlineData("X-Forwarded-Prefix /cam")]
    [InlineData("X-Forwarded-Prefix /cam/")]
    [InlineData("X-Script-Name /cam")]
    [InlineData("X-Ingress-Path /api/ingress/cam")]
    public async Task Below_a_path_the_site_says_that_it_does_not_work_there(string header)
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        var app = household.App.Address;
        await using var nginx = await Nginx.StartAsync(
            $"location /cam/ {{ proxy_pass {app}; proxy_set_header Host cam.example.org; proxy_set_header {header}; }}");

        foreach (var path in new[] { "/cam/", "/cam/login", "/cam/css/site.css", "/cam/healthz" })
        {
            var answer = await RawHttp.SendAsync(
                nginx.Address, $"GET {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
            Assert.Contains("does not work below a path", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("X-Forwarded-Prefix /", "")]
    [InlineData("X-Forwarded-Prefix ''", "")]
    [InlineData("X-Forwarded-Proto https", "/")]
    public async Task At_the_root_a_prefix_without_a_path_is_harmless(string header, string slash)
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        var app = household.App.Address.GetLeftPart(UriPartial.Authority) + slash;
        await using var nginx = await Nginx.StartAsync(
            $"location / {{ proxy_pass {app}; proxy_set_header Host cam.example.org; proxy_set_header {header}; }}");

        var answer = await RawHttp.SendAsync(
            nginx.Address, "GET /login HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_the_proxy_does_not_remove_is_not_found()
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        var app = household.App.Address.GetLeftPart(UriPartial.Authority);
        await using var nginx = await Nginx.StartAsync(
            $"location /cam/ {{ proxy_pass {app}; proxy_set_header Host cam.example.org; }}");

        var answer = await RawHttp.SendAsync(
            nginx.Address, "GET /cam/login HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Confirmation_link_has_the_public_address_even_from_this_machine()
    {
        var form = await household.Ann.GetAsync("/settings");
        await household.Ann.SubmitAsync(form, new { Recipient = "second@example.org" }, "/settings?handler=Recipient");

        Assert.Equal(Site, await household.App.ReadAsync(
            db => db.Deliveries.Where(d => d.SiteAddress != null).Select(d => d.SiteAddress).FirstAsync()));
    }

    [Theory]
    [InlineData("cam.example.org", HttpStatusCode.OK)]
    [InlineData("CAM.example.org:9999", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:5000", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.BadRequest)]
    [InlineData("cam.example.org.evil.example", HttpStatusCode.BadRequest)]
    public async Task Only_the_public_name_and_those_of_this_machine_are_answered(string host, HttpStatusCode status)
    {
        using var visitor = household.App.Visit();

        Assert.Equal(status, (await visitor.GetAsync("/login", ("Host", host))).Status);
    }

    [Fact]
    public async Task On_this_machine_cookies_still_work_without_TLS()
    {
        using var visitor = household.App.Visit();
        var page = await visitor.GetAsync("/login");

        Assert.DoesNotContain("secure", page.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.Contains("secure", (await household.App.Visit().GetAsync("/login", Host)).Headers["Set-Cookie"],
            StringComparison.OrdinalIgnoreCase);
    }

    public sealed class Published : Household
    {
        protected override (string Key, string? Value)[] Settings => [("Site:PublicUrl", Site)];
    }
}
