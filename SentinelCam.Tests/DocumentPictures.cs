using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Takes the screenshots in Pages-docs/images, one per page. Runs only with -explicit.</summary>
public class DocumentPictures(HouseOfPictures house, HouseOfAlerts alerts)
    : IClassFixture<HouseOfPictures>, IClassFixture<HouseOfAlerts>
{
    [Fact(Explicit = true)]
    public async Task Each_page_gets_a_screenshot_for_its_document()
    {
        var images = Path.Combine(SourceTree.Root, "Pages-docs", "images");
        var picture = await house.App.ReadAsync(
            db => db.ImageLog.Where(e => e.Trigger == CaptureTrigger.Manual).MinAsync(e => e.Id));
        await house.AddStripAsync();
        await using var stranger = await Chromium.OpenAsync(house.App.Address);
        await using var ann = await house.OpenAsync();
        await using var owner = await alerts.OpenAsync();
        var alert = await alerts.App.ReadAsync(db => db.Alerts.Where(a => a.SucceededAt != null).MinAsync(a => a.Id));
        await alerts.Ann.SubmitAsync(
            $"/alerts/{alert}", new { Answer = nameof(AlertAnswer.NotMe) }, $"/alerts/{alert}?handler=Answer");
        foreach (var (name, path, browser) in new[]
                 {
                     ("home", "/", stranger), ("login", "/login", stranger), ("register", "/register", stranger),
                     ("error", "/no-such-page", stranger),
                     ("dashboard", "/dashboard", owner), ("alert", $"/alerts/{alert}", owner),
                     ("capture", $"/capture?id={picture}", ann),
                     ("userdata", "/userdata", ann), ("userdata-gallery", "/userdata?View=Gallery", ann),
                     ("viewer", "/userdata", ann), ("entry", $"/userdata/{picture}", ann),
                     ("delete-log", $"/delete_log/{picture}", ann), ("settings", "/settings", ann),
                     ("settings-security", "/settings/security", ann), ("settings-sessions", "/settings/sessions", ann),
                     ("settings-activity", "/settings/activity", ann), ("admin-activity", "/admin/activity", ann),
                     ("admin-accounts", "/admin/accounts", ann), ("admin-camera", "/admin/camera", ann),
                     ("admin-device", "/admin/device", ann), ("admin-mail", "/admin/mail", ann), ("hangfire", "/hangfire", ann),
                 })
        {
            var page = await browser.NewPageAsync();
            await page.SetViewportSizeAsync(1000, 800);
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
            await page.GotoAsync(path);
            if (name == "viewer")
            {
                await page.Locator($"#view-{picture}").ClickAsync();
                await Assertions.Expect(page.Locator("#viewer .strip img").Last).ToBeVisibleAsync();
            }

            // Small pictures load when they come near
            await page.EvaluateAsync("""
                Promise.all([...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight)
                  .map((image) => image.decode()))
                """);
            var file = Path.Combine(images, name + ".png");
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = file });
            Assert.InRange(new FileInfo(file).Length, 1, 400_000);
            await page.CloseAsync();
        }
    }
}
