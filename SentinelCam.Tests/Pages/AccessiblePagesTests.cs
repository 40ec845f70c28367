using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>
/// WCAG 2.2 AA as far as a program can check it: axe on every page, light and dark, narrow and wide. If the environment variable
/// SENTINELCAM_SCREENSHOTS names a directory, each page is also saved there as a picture at three widths.
/// </summary>
public class AccessiblePagesTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private static readonly string? Screenshots = Environment.GetEnvironmentVariable("SENTINELCAM_SCREENSHOTS");

    internal static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new RunOnlyOptions
        {
            Type = "tag",
            Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    };

    [Theory]
    [InlineData("/", false)]
    [InlineData("/login", false)]
    [InlineData("/register", false)]
    [InlineData("/forgot_password", false)]
    [InlineData("/reset_password", false)]
    [InlineData("/confirm_address", false)]
    [InlineData("/undo_address", false)]
    [InlineData("/no-such-page", false)]
    [InlineData("/was_it_you", false)]
    [InlineData("{answer}", false)]
    [InlineData("{answer}&answer=NotMe", false)]
    [InlineData("/", true)]
    [InlineData("/logout", true)]
    [InlineData("/dashboard", true)]
    [InlineData("/alerts", true)]
    [InlineData("/alerts/{alert}", true)]
    [InlineData("/alerts/{answered}", true)]
    [InlineData("/capture", true)]
    [InlineData("/test_alert", true)]
    [InlineData("{test}", true)]
    [InlineData("/capture?id={picture}", true)]
    [InlineData("/userdata", true)]
    [InlineData("/userdata?View=Gallery", true)]
    [InlineData("/userdata?Q=nothing-of-the-kind", true)]
    [InlineData("/userdata/{picture}", true)]
    [InlineData("/userdata/1", true)]
    [InlineData("/delete_log", true)]
    [InlineData("/delete_log/{picture}", true)]
    [InlineData("/settings", true)]
    [InlineData("/settings/security", true)]
    [InlineData("/settings/sessions", true)]
    [InlineData("/settings/second_factor", true)]
    [InlineData("/admin/second_factor", true)]
    [InlineData("/settings/passkeys", true)]
    [InlineData("/settings/address", true)]
    [InlineData("/settings/activity", true)]
    [InlineData("/admin/accounts", true)]
    [InlineData("/admin/activity", true)]
    [InlineData("/admin/activity?Group=SignIns&Q=ann", true)]
    [InlineData("/settings/data", true)]
    [InlineData("/admin/accounts/1", true)]
    [InlineData("/invitation", false)]
    [InlineData("/admin/camera", true)]
    [InlineData("/admin/device", true)]
    [InlineData("/admin/mail", true)]
    [InlineData("/admin/nodes", true)]
    [InlineData("/admin/first_steps", true)]
    [InlineData("{mail}", true)]
    public async Task Axe_finds_no_fault_in_light_and_dark_narrow_and_wide(string path, bool signedIn)
    {
        await using var browser = signedIn ? await house.OpenAsync() : await Chromium.OpenAsync(house.App.Address);
        var page = await browser.NewPageAsync();
        var complaints = Chromium.Complaints(page);
        var picture = await house.App.ReadAsync(db => db.Snapshots.MinAsync(s => s.EntryId));
        var alert = await house.App.ReadAsync(db => db.ImageLog.Where(e => e.Id == picture).Select(e => e.AlertId).SingleAsync());
        // Which says what to do now
        var answered = await house.App.ReadAsync(db => db.Alerts.Where(a => a.OwnerId != null).MinAsync(a => a.Id));
        await house.App.ReadAsync(db => db.Alerts.Where(a => a.Id == answered).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.Answer, AlertAnswer.NotMe).SetProperty(a => a.AnsweredAt, DateTimeOffset.UtcNow)));
        var address = path.Replace("{picture}", $"{picture}", StringComparison.Ordinal)
            .Replace("{alert}", $"{alert}", StringComparison.Ordinal)
            .Replace("{answered}", $"{answered}", StringComparison.Ordinal)
            .Replace("{test}", path == "{test}" ? await house.SendTestAlertAsync() : "", StringComparison.Ordinal)
            .Replace("{answer}", await house.AnswerLinkAsync(), StringComparison.Ordinal)
            .Replace("{mail}", house.Mail, StringComparison.Ordinal);
        await page.GotoAsync(address);
        // Not the sign-in page instead
        Assert.Equal(address.Split('?')[0], new Uri(page.Url).AbsolutePath);

        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await UseAsync(page, scheme);
            foreach (var width in Screenshots is null ? new[] { 320, 1280 } : [320, 768, 1280])
            {
                await page.SetViewportSizeAsync(width, 800);
                var faults = await FaultsAsync(page, Rules);
                Assert.True(faults.Count == 0, $"{address}, {scheme}, {width} px: {string.Join('\n', faults)}");
                Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"),
                    $"{address} is wider than {width} px");
                var name = address.Replace('/', '_').Replace('?', '_')[..Math.Min(30, address.Length)];
                await SaveAsync(page, $"{(signedIn ? "in" : "out")}{name}-{scheme}-{width}", fullPage: true);
            }
        }

        Assert.DoesNotContain(complaints, complaint => !complaint.Contains("404", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Axe_finds_no_fault_in_the_open_viewer()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        // Every test that signs in has added an entry
        var newer = await house.App.ReadAsync(
            db => db.ImageLog.Where(e => e.Trigger == CaptureTrigger.SuccessAfterFailures).MinAsync(e => e.Id));
        await page.GotoAsync("/userdata");
        // Below the first page if many tests have signed in before
        var picture = page.Locator($"#view-{newer}");
        await Eventually.TrueAsync(async () =>
        {
            await page.Mouse.WheelAsync(0, 5000);
            return await picture.CountAsync() == 1;
        });
        await picture.ClickAsync();
        var viewer = page.Locator("#viewer");
        await Assertions.Expect(viewer.Locator("figure img")).ToBeVisibleAsync();
        await LookAsync(page, "newest");

        // The next picture has a way back and a strip; the demo camera makes none
        await house.AddStripAsync();
        await viewer.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Assertions.Expect(viewer.Locator(".strip img")).ToHaveCountAsync(5);
        await Assertions.Expect(viewer.GetByRole(AriaRole.Link, new() { Name = "Newer" })).ToHaveCSSAsync("opacity", "1");
        await LookAsync(page, "strip");
        await viewer.GetByRole(AriaRole.Link, new() { Name = "Next" }).ClickAsync();
        await Assertions.Expect(viewer.GetByRole(AriaRole.Link, new() { Name = "Previous" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#caption-said")).ToContainTextAsync("1.0 s before the picture");
    }

    [Fact]
    public async Task Axe_finds_no_fault_beside_the_code_and_the_token_of_a_device()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/admin/nodes");
        await page.GetByLabel("Name of the device").FillAsync("A tablet");
        await page.GetByLabel(SentinelCamApp.AnnsEmail).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a code" }).ClickAsync();
        var proof = page.Locator("input[name=ProofPassword]");
        await Assertions.Expect(proof.Or(page.Locator("#code"))).ToBeVisibleAsync();
        if (await proof.CountAsync() > 0)
        {
            await proof.FillAsync(SentinelCamApp.Password);
            await proof.PressAsync("Enter");
        }

        await Assertions.Expect(page.Locator("#code")).ToBeVisibleAsync();
        await LookAsync(page, "device-code");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the token" }).ClickAsync();
        await Assertions.Expect(page.Locator("#token")).ToBeVisibleAsync();
        await LookAsync(page, "device-token");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Fact]
    public async Task Axe_finds_no_fault_in_a_list_of_several_devices()
    {
        await house.App.ReadAsync(async db =>
        {
            var seen = DateTimeOffset.UtcNow.AddMinutes(-3);
            db.AddRange(
                new Node
                {
                    Name = "lobby",
                    SeenAt = seen,
                    StartedAt = seen.AddDays(-2),
                    Version = "1.0.0",
                    Camera = "Over the door",
                    CameraState = "Live",
                    ClockAheadMs = 12_000,
                },
                new Node
                {
                    Name = "a-rather-long-name-of-a-room-upstairs",
                    SeenAt = seen,
                    StartedAt = seen.AddDays(-2),
                    Version = "1.0.0",
                    Camera = "front-desk",
                    CameraState = "Failed",
                    CameraProblem = "The camera does not answer. Check its power and its network connection.",
                });
            return await db.SaveChangesAsync();
        });
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/admin/nodes");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("does not answer");
        await LookAsync(page, "several-devices");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        await house.App.ReadAsync(db => db.Nodes.ExecuteDeleteAsync());
    }

    [Theory]
    [InlineData("Yes, it was me", "Thank you")]
    [InlineData("No, it was not me", "What to do now")]
    public async Task Axe_finds_no_fault_after_an_answer(string answer, string heading)
    {
        await using var browser = await Chromium.OpenAsync(house.App.Address);
        var page = await browser.NewPageAsync();
        await page.GotoAsync(await house.AnswerLinkAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = answer }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = heading })).ToBeVisibleAsync();

        await LookAsync(page, $"answered-{heading.Length}");
        await house.ForgetAnswersAsync();
    }

    private static async Task LookAsync(IPage page, string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await UseAsync(page, scheme);
            foreach (var width in new[] { 320, 768, 1280 })
            {
                await page.SetViewportSizeAsync(width, 800);
                var faults = await FaultsAsync(page, Rules);
                Assert.True(faults.Count == 0, $"{name}, {scheme}, {width} px: {string.Join('\n', faults)}");
                Assert.Empty(await page.EvaluateAsync<string[]>("""
                    [...document.querySelectorAll("#viewer *")].filter((part) => {
                      const box = part.getBoundingClientRect();
                      const all = document.querySelector("#viewer > article").getBoundingClientRect();
                      return box.width > 1 && (box.left < all.left - 1 || box.right > all.right + 1);
                    }).map((part) => part.outerHTML)
                    """));
                await SaveAsync(page, $"viewer-{name}-{scheme}-{width}");
            }
        }
    }

    internal static Task UseAsync(IPage page, ColorScheme scheme) =>
        page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });

    /// <summary>What axe finds wrong on the page as it is now.</summary>
    internal static async Task<List<string>> FaultsAsync(IPage page, AxeRunOptions rules) =>
        [.. (await page.RunAxe(rules))
            .Violations.Select(v => $"{v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Select(Describe))}")];

    private static string Describe(AxeResultNode node) =>
        $"{string.Join(' ', node.Target)} {node.Html} {string.Join(';', node.Any.Concat(node.All).Select(c => c.Message))}";

    internal static async Task SaveAsync(IPage page, string name, bool fullPage = false)
    {
        if (Screenshots is not null)
            await page.ScreenshotAsync(
                new PageScreenshotOptions { Path = Path.Combine(Screenshots, name + ".png"), FullPage = fullPage });
    }
}
