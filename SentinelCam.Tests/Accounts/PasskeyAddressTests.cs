using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Accounts;

/// <summary>At which addresses passkeys work, and whose answers are believed there.</summary>
public class PasskeyAddressTests(PasskeyAddressTests.Published household) : IClassFixture<PasskeyAddressTests.Published>
{
    private const string Site = "https://cam.example.org:8443";

    [Theory]
    [InlineData("https://cam.example.org", null, null)]
    [InlineData("http://localhost:8080", null, null)]
    [InlineData("https://cam", null, null)]
    [InlineData("http://cam.example.org", null, "an address that begins with https")]
    [InlineData("http://192.0.2.7:8080", null, "this address is a number")]
    [InlineData("https://192.0.2.7", null, "Open SentinelCam by its name")]
    [InlineData("https://[2001:db8::7]", null, "this address is a number")]
    [InlineData(Site, Site, null)]
    [InlineData("https://cam.example.org", Site, $"only at {Site}")]
    [InlineData("http://localhost:8080", Site, $"only at {Site}")]
    [InlineData("http://127.0.0.1:8080", Site, $"Open {Site} instead")]
    [InlineData("https://bücher.example", "https://bücher.example/", null)]
    public void Passkeys_need_a_name_and_TLS_and_the_public_address_where_there_is_one(
        string address, string? site, string? problem)
    {
        var found = PasskeyAddress.ProblemOf(Request(address, site));

        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://cam.example.org:8443", true)]
    [InlineData("https://cam.example.org", false)]
    [InlineData("http://cam.example.org:8443", false)]
    [InlineData("https://evil.cam.example.org:8443", false)]
    [InlineData("https://cam.example.org:8443.evil.example", false)]
    [InlineData("https://CAM.example.org:8443", false)]
    [InlineData("", false)]
    public async Task Answer_counts_only_from_the_sites_own_pages(string origin, bool isOwn)
    {
        var request = Request(Site, Site);
        // An attacker who passes an answer on states whatever suits
        request.Request.Headers.Origin = origin;
        var answer = new PasskeyOriginValidationContext { HttpContext = request, Origin = origin, CrossOrigin = false };

        Assert.Equal(isOwn, await PasskeyAddress.IsOwnAsync(answer));
    }

    [Fact]
    public async Task Answer_from_a_page_within_another_page_does_not_count()
    {
        var request = Request(Site, Site);

        Assert.False(await PasskeyAddress.IsOwnAsync(
            new PasskeyOriginValidationContext { HttpContext = request, Origin = Site, CrossOrigin = true }));
        Assert.False(await PasskeyAddress.IsOwnAsync(new PasskeyOriginValidationContext
        {
            HttpContext = request,
            Origin = Site,
            CrossOrigin = false,
            TopOrigin = "https://evil.example",
        }));
    }

    [Fact]
    public async Task Passkeys_belong_to_the_public_name()
    {
        await using var scope = household.App.Services.CreateAsyncScope();
        var challenges = scope.ServiceProvider.GetRequiredService<PasskeyChallenges>();

        var options = JsonNode.Parse((await challenges.AskAsync(PasskeyPurpose.SignIn, null, Request(Site, Site))).Options)!;

        Assert.Equal("cam.example.org", (string)options["rpId"]!);
        Assert.Equal("required", (string)options["userVerification"]!);
        Assert.Equal(PasskeyChallenges.Lifetime.TotalMilliseconds, (double)options["timeout"]!);
        Assert.Empty(options["allowCredentials"]!.AsArray());
    }

    [Fact]
    public async Task At_other_addresses_the_page_says_where_they_work()
    {
        using var bob = await household.App.VisitByNameAsAsync(Household.Bobs);

        Assert.Contains(
            $"Passkeys work only at {Site}.", (await bob.GetAsync("/settings/passkeys")).Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await bob.PostAsync("/passkey_challenge", [],
            ("RequestVerificationToken", (await bob.GetAsync("/settings")).Token))).Status);
        Assert.Null((await household.Nobody.GetAsync("/login")).Document.QuerySelector(".passkey"));
    }

    /// <summary>A request at an address, as it looks after the public address was applied.</summary>
    private static DefaultHttpContext Request(string address, string? site)
    {
        var url = new Uri(address);
        return new DefaultHttpContext
        {
            RequestServices = new ServiceCollection()
                .AddSingleton(new SiteOptions(site is null ? null : new Uri(site))).BuildServiceProvider(),
            Request = { Scheme = url.Scheme, Host = new HostString(url.Authority) },
        };
    }

    public sealed class Published : Household
    {
        protected override (string Key, string? Value)[] Settings => [("Site:PublicUrl", Site)];
    }
}
