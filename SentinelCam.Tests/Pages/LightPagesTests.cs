using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What a visit costs, and what a browser may cache.</summary>
public class LightPagesTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private const int MostBytes = 60_000;

    [Fact]
    public async Task First_dashboard_visit_takes_at_most_60_kB_without_pictures_and_nothing_shifts()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        var network = await page.Context.NewCDPSessionAsync(page);
        var addresses = new ConcurrentDictionary<string, string>();
        var bytes = new ConcurrentDictionary<string, double>();
        network.Event("Network.requestWillBeSent").OnEvent += (_, e) =>
            addresses[Text(e, "requestId")] = e!.Value.GetProperty("request").GetProperty("url").GetString()!;
        network.Event("Network.loadingFinished").OnEvent += (_, e) =>
            bytes[Text(e, "requestId")] = e!.Value.GetProperty("encodedDataLength").GetDouble();
        await network.SendAsync("Network.enable");
        await page.GotoAsync("/dashboard", new PageGotoOptions { WaitUntil = WaitUntilState.Load });

        Assert.All(addresses.Values, url => Assert.StartsWith(house.App.Address.ToString(), url, StringComparison.Ordinal));
        var visit = bytes.Where(b => !addresses[b.Key].Contains("/snapshots/", StringComparison.Ordinal))
            .Select(b => (Url: addresses[b.Key], Bytes: b.Value)).ToList();
        var list = string.Join(", ", visit.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Url} {v.Bytes}")));
        TestContext.Current.TestOutputHelper?.WriteLine(list);
        Assert.True(visit.Count >= 7, list);
        Assert.True(visit.Sum(v => v.Bytes) <= MostBytes, list);
        var moved = await page.EvaluateAsync<double>("""
            new Promise(resolve => {
              let sum = 0;
              const observer = new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; });
              observer.observe({ type: "layout-shift", buffered: true });
              requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
            })
            """);
        Assert.True(moved < 0.01, $"the page moved by {moved}");
    }

    [Fact]
    public async Task Styles_and_scripts_are_fingerprinted_and_cached_for_a_year()
    {
        var page = await house.Ann.GetAsync("/dashboard");
        var files = page.Document.QuerySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")
            .Select(e => e.GetAttribute("src") ?? e.GetAttribute("href")!).ToList();
        Assert.Equal(6, files.Count);
        foreach (var file in files)
        {
            var answer = await house.Ann.GetAsync(file, ("Accept-Encoding", "br, gzip"));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal("max-age=31536000, immutable", answer.Headers["Cache-Control"]);
            Assert.True(answer.Headers.ContainsKey("Content-Encoding"), file);
        }

        Assert.Equal("gzip", (await house.Ann.GetAsync("/dashboard", ("Accept-Encoding", "gzip"))).Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Pictures_are_private_and_sent_again_only_when_changed()
    {
        var id = await house.App.ReadAsync(db => db.Snapshots.MinAsync(s => s.Id));
        var first = await house.Ann.GetAsync($"/snapshots/{id}?size=thumb");
        Assert.Contains("private", first.Headers["Cache-Control"], StringComparison.Ordinal);
        var again = await house.Ann.GetAsync($"/snapshots/{id}?size=thumb", ("If-None-Match", first.Headers["ETag"]));
        Assert.Equal(HttpStatusCode.NotModified, again.Status);
        Assert.Empty(again.Body);

        var images = (await house.Ann.GetAsync("/userdata")).Document.QuerySelectorAll(".entry img");
        Assert.NotEmpty(images);
        Assert.All(images,
            image => Assert.Equal(("lazy", "160", "120"),
                (image.GetAttribute("loading"), image.GetAttribute("width"), image.GetAttribute("height"))));
    }

    [Fact]
    public async Task Security_policy_is_strict_and_private_pages_stay_out_of_the_history()
    {
        const string Policy =
            "default-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
            + "frame-ancestors 'none'; form-action 'self'";
        Assert.Equal(Policy, (await house.App.Visit().GetAsync("/login")).Headers["Content-Security-Policy"]);
        foreach (var path in new[] { "/", "/dashboard", "/userdata", "/no-such-page", "/settings" })
            Assert.Equal(Policy, (await house.Ann.GetAsync(path)).Headers["Content-Security-Policy"]);
        var jobs = await house.Ann.GetAsync("/hangfire");
        Assert.StartsWith(Policy, jobs.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("en", jobs.Document.DocumentElement.GetAttribute("lang"));
        Assert.Equal("false", (await house.Ann.GetAsync("/userdata")).Document.Body!.GetAttribute("hx-history"));
        Assert.Null((await house.App.Visit().GetAsync("/")).Document.Body!.GetAttribute("hx-history"));
    }

    private static string Text(JsonElement? e, string name) => e!.Value.GetProperty(name).GetString()!;
}
