using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text.Json;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What makes the site installable: the web app manifest and its icons.</summary>
public class ManifestTests(Household household) : IClassFixture<Household>
{
    [Fact]
    public async Task Manifest_is_valid_and_its_icons_have_the_sizes_that_it_says()
    {
        var answer = await household.Nobody.GetAsync("/manifest.webmanifest");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/manifest+json", answer.Headers["Content-Type"]);
        using var manifest = JsonDocument.Parse(answer.Text);
        var root = manifest.RootElement;
        Assert.Equal(("SentinelCam", "/dashboard", "standalone"),
            (root.GetProperty("name").GetString(), root.GetProperty("start_url").GetString(),
                root.GetProperty("display").GetString()));

        var found = new List<string>();
        foreach (var icon in root.GetProperty("icons").EnumerateArray())
        {
            var (type, sizes) = (icon.GetProperty("type").GetString()!, icon.GetProperty("sizes").GetString()!);
            var file = await household.Nobody.GetAsync(icon.GetProperty("src").GetString()!);
            Assert.Equal((HttpStatusCode.OK, type), (file.Status, file.Headers["Content-Type"]));
            if (type == "image/png")
                Assert.Equal(sizes, SizeOf(file.Body));
            else
                Assert.Equal("any", sizes);
            found.Add($"{icon.GetProperty("purpose").GetString()} {sizes}");
        }

        Assert.Equal(["any 192x192", "any 512x512", "any any", "maskable 192x192", "maskable 512x512", "maskable any"],
            found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/", false)]
    [InlineData("/login", false)]
    [InlineData("/dashboard", true)]
    public async Task Pages_name_the_manifest_the_icon_and_a_colour_for_each_scheme(string path, bool signedIn)
    {
        var page = await (signedIn ? household.Ann : household.Nobody).GetAsync(path);

        Assert.Equal("/manifest.webmanifest", page.Document.QuerySelector("link[rel=manifest]")!.GetAttribute("href"));
        var icon = page.Document.QuerySelector("link[rel=apple-touch-icon]")!.GetAttribute("href")!;
        Assert.Equal("180x180", SizeOf((await household.Nobody.GetAsync(icon)).Body));
        Assert.Equal(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"],
            page.Document.QuerySelectorAll("meta[name=theme-color]").Select(meta => meta.GetAttribute("media")));
        Assert.Contains("manifest-src 'self'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browser_accepts_the_manifest()
    {
        await using var browser = await Chromium.OpenAsync(household.App.Address);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/");
        var session = await page.Context.NewCDPSessionAsync(page);

        var answer = await session.SendAsync("Page.getAppManifest");

        Assert.EndsWith("/manifest.webmanifest", answer!.Value.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Empty(answer.Value.GetProperty("errors").EnumerateArray());
        Assert.Contains("start_url", answer.Value.GetProperty("data").GetString(), StringComparison.Ordinal);
    }

    private static string SizeOf(byte[] png)
    {
        Assert.Equal("IHDR"u8.ToArray(), png[12..16]);
        return string.Create(CultureInfo.InvariantCulture,
            $"{BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16))}x{BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))}");
    }
}
