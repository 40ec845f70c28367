using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SentinelCam.Tests.Pages;

/// <summary>"Try it" on <c>/admin/camera</c>: a source is opened, and nothing is changed.</summary>
public class CameraTrialTests
{
    private const string Try = "/admin/camera?handler=Try";

    private static readonly (string Key, string? Value)[] NothingConfigured = [("Camera:Source", null), ("Camera:Warm", "Never")];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_is_tried_shown_and_then_used_and_its_password_stays_secret(bool scripts)
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var stream = RtspServer.Start("me:hunter2");
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.Address, new() { JavaScriptEnabled = scripts });
        var page = await browser.NewPageAsync();
        await HouseOfPictures.SignInAsync(page);
        await page.GotoAsync("/admin/camera");
        var feed = app.Services.GetRequiredService<CameraFeed>();
        var tried = page.Locator("#tried");

        await page.GetByLabel("Network camera").FillAsync(stream.Url("me:wrong").AbsoluteUri);
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Expect(tried).ToContainTextAsync("The camera rejected the user name and password");
        await page.GetByLabel("Network camera").FillAsync(stream.Url("me:hunter2").AbsoluteUri);
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Expect(tried).ToContainTextAsync("works: 320 x 240. Nothing was changed.");

        await Expect(tried.GetByRole(AriaRole.Img)).ToHaveJSPropertyAsync("naturalWidth", 320);
        Assert.Equal("auto", feed.Status.Source);
        Assert.Equal(0, await app.ReadAsync(db => db.CameraChoices.CountAsync(Cancelled)));
        await Eventually.TrueAsync(() => stream.Viewers == 0);
        Assert.DoesNotContain("hunter2", await page.ContentAsync(), StringComparison.Ordinal);
        // axe is a script
        if (scripts)
            await CheckLooksAsync(page, "camera-tried");

        await tried.GetByRole(AriaRole.Button, new() { Name = "Use it" }).ClickAsync();
        await Expect(page.GetByText("The new source is saved and in use.")).ToBeVisibleAsync();
        Assert.StartsWith("rtsp://127.0.0.1", feed.Status.Source, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => feed.Status.State == CameraState.Live, app.Log);
        Assert.All(app.Kept(),
            file => Assert.DoesNotContain("hunter2", Encoding.Latin1.GetString(file.Bytes), StringComparison.Ordinal));
        Assert.Contains("tried by account", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_address_says_why_and_can_be_corrected_in_its_field()
    {
        using var closed = new ClosedPort();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        using var ann = await app.RegisterAnnAsync();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{closed.Number}/video");

        var answer = await TryAsync(ann, address);
        Assert.Contains($"No picture from {address}. The camera does not answer. Check its power", answer.Main,
            StringComparison.Ordinal);
        Assert.Equal(address, answer.Document.QuerySelector("#Source")!.GetAttribute("value"));

        foreach (var (source, says) in new[]
                 {
                     ("ftp://me:hunter2@camera/", "That is not a valid source. Allowed: auto, demo, a device index"),
                     ("", "Enter a source"),
                     (new string('1', 1001), "Enter a source"),
                 })
        {
            answer = await TryAsync(ann, source);
            Assert.Contains(says, answer.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
            Assert.Empty(answer.Document.QuerySelectorAll("#tried button"));
        }
    }

    [Fact]
    public async Task Hanging_source_ends_after_ten_seconds_and_only_one_is_tried_at_a_time()
    {
        var clock = TestClock.AtNoon();
        await using var hanging = RawCamera.Start(isLeftOpen: true);
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, NothingConfigured);
        using var ann = await app.RegisterAnnAsync();
        using var other = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);

        var first = TryAsync(ann, hanging.Url().AbsoluteUri);
        await Eventually.TrueAsync(() => hanging.Requests.Count == 1);
        var second = await TryAsync(other, "demo");
        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("Another source is being tried", second.Main, StringComparison.Ordinal);
        Assert.Contains("The camera did not deliver a picture in time", (await first).Main, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () =>
            (await TryAsync(other, "demo")).Main.Contains("demo works: 640 x 480", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Camera_in_use_is_not_opened_twice_and_keeps_running_beside_a_trial()
    {
        Assert.SkipUnless(MjpegStream.IsAvailable, "ffmpeg is not installed");
        await using var used = await MjpegStream.StartAsync(Cancelled);
        await using var other = await MjpegStream.StartAsync(Cancelled, "testsrc2=size=320x240:rate=10");
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        using var ann = await app.RegisterAnnAsync();
        await ann.SubmitAsync("/admin/camera", new { Source = used.Url.AbsoluteUri });
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/admin/camera?handler=Frame")).Status);

        var same = await TryAsync(ann, used.Url.AbsoluteUri);
        Assert.Contains("works: 640 x 480", same.Main, StringComparison.Ordinal);
        Assert.Equal(1, used.Connections);

        Assert.Contains("works: 320 x 240", (await TryAsync(ann, other.Url.AbsoluteUri)).Main, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => other.Viewers == 0);
        var feed = app.Services.GetRequiredService<CameraFeed>();
        Assert.Equal((used.Url.AbsoluteUri, CameraState.Live), (feed.Status.Source, feed.Status.State));
        Assert.Equal((1, 1), (used.Connections, used.Viewers));
    }

    [Fact]
    public async Task Trial_is_for_administrators_its_picture_is_private_and_its_id_expires()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, NothingConfigured);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        using var nobody = app.Visit();

        var tried = await TryAsync(ann, "demo");
        var picture = tried.Document.QuerySelector("#tried img")!.GetAttribute("src")!;
        var shown = await ann.GetAsync(picture);
        Assert.Equal(("image/jpeg", "no-store, private"), (shown.Headers["Content-Type"], shown.Headers["Cache-Control"]));
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync(picture)).Status);
        Assert.Equal("/login", (await nobody.GetAsync(picture)).Path);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync("/admin/camera?handler=Tried&id=other")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync("/admin/camera?handler=Tried")).Status);
        var token = (await bob.GetAsync("/dashboard")).Token;
        Assert.Equal(HttpStatusCode.Forbidden,
            (await bob.PostAsync(Try, [new("Source", "demo"), new("__RequestVerificationToken", token)])).Status);

        var id = tried.Document.QuerySelector("#tried [name=Tried]")!.GetAttribute("value")!;
        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync(picture)).Status);
        var late = await ann.PostAsync("/admin/camera", [new("Tried", id), new("__RequestVerificationToken", tried.Token)]);
        Assert.Contains("Enter the source again.", late.Main, StringComparison.Ordinal);
        Assert.Equal("auto", app.Services.GetRequiredService<CameraFeed>().Status.Source);
    }

    [Fact]
    public async Task Nothing_can_be_tried_where_the_configuration_sets_the_source()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var token = (await ann.GetAsync("/admin/camera")).Token;

        var answer = await ann.PostAsync(Try, [new("Source", "demo"), new("__RequestVerificationToken", token)],
            ("HX-Request", "true"));

        Assert.Contains("set in the configuration", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("img", answer.Text, StringComparison.Ordinal);
    }

    private static async Task<WebAnswer> TryAsync(WebVisitor visitor, string source)
    {
        var page = await visitor.GetAsync("/admin/camera");
        return await visitor.PostAsync(Try, [new("Source", source), new("__RequestVerificationToken", page.Token)]);
    }

    private static async Task CheckLooksAsync(IPage page, string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await AccessiblePagesTests.UseAsync(page, scheme);
            foreach (var width in new[] { 320, 375, 768, 1280 })
            {
                await page.SetViewportSizeAsync(width, 800);
                var faults = await AccessiblePagesTests.FaultsAsync(page, AccessiblePagesTests.Rules);
                Assert.True(faults.Count == 0, $"{scheme}, {width} px: {string.Join('\n', faults)}");
                Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
                await AccessiblePagesTests.SaveAsync(page, $"{name}-{scheme}-{width}", fullPage: true);
            }
        }
    }
}
