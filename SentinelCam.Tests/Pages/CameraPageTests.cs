using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary><c>/admin/camera</c>: the live picture and the choice of source.</summary>
public class CameraPageTests
{
    /// <summary>The picture's address once the browser has loaded it, otherwise null.</summary>
    private const string LoadedPicture = """
        () => {
          const image = document.querySelector(".preview img");
          return image?.naturalWidth === 640 ? image.getAttribute("src") : null;
        }
        """;

    private static readonly (string Key, string? Value)[] NothingConfigured = [("Camera:Source", null), ("Camera:Warm", "Never")];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chosen_source_is_used_at_once_and_after_a_restart_and_its_password_stays_secret()
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"cam\"";
                return Task.CompletedTask;
            }
            context.Response.ContentType = "image/jpeg";
            return context.Response.Body.WriteAsync(TestJpeg.Demo()).AsTask();
        });
        var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        try
        {
            using var ann = await app.RegisterAnnAsync();
            Assert.Contains("auto", (await ann.GetAsync("/admin/camera")).Main, StringComparison.Ordinal);

            var chosen = await ann.SubmitAsync(
                "/admin/camera", new { Source = server.Url("/snap.jpg?key=hunter2", "me:hunter2").AbsoluteUri });

            Assert.Contains("saved and in use", chosen.Main, StringComparison.Ordinal);
            Assert.Contains(server.Url("/snap.jpg").AbsoluteUri, chosen.Main, StringComparison.Ordinal);
            var live = await ann.GetAsync("/admin/camera?handler=Frame");
            Assert.Equal(TestJpeg.Demo(), live.Body);
            Assert.Equal(("image/jpeg", "no-store, private"), (live.Headers["Content-Type"], live.Headers["Cache-Control"]));

            app = await app.StartAgainAsync(null, Household.CheapPasswords, NothingConfigured);
            using var again = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
            Assert.Equal(TestJpeg.Demo(), (await again.GetAsync("/admin/camera?handler=Frame")).Body);
            var page = await again.GetAsync("/admin/camera");
            Assert.DoesNotContain("hunter2", chosen.Text + page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("saved and in use", page.Main, StringComparison.Ordinal);
            Assert.All(app.Kept(),
                file => Assert.DoesNotContain("hunter2", Encoding.Latin1.GetString(file.Bytes), StringComparison.Ordinal));
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task Invalid_source_is_refused_and_not_repeated()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        using var ann = await app.RegisterAnnAsync();

        foreach (var (source, says) in new[]
                 {
                     ("ftp://me:hunter2@camera/", "Allowed: auto, demo, a device index"),
                     ("no-such-file.mp4", "Allowed: auto, demo, a device index"),
                     ("", "Enter a source"),
                 })
        {
            var answer = await ann.SubmitAsync("/admin/camera", new { Source = source });

            Assert.Contains(says, answer.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
            Assert.Equal(0, await app.ReadAsync(db => db.CameraChoices.CountAsync(Cancelled)));
            Assert.Contains("auto", (await ann.GetAsync("/admin/camera")).Main, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Configuration_overrides_the_choice_and_the_page_says_so()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        using (var first = await app.RegisterAnnAsync())
            await first.SubmitAsync("/admin/camera", new { Source = "63" });
        await using var again = await app.StartAgainAsync(null, Household.CheapPasswords, ("Camera:Source", "demo"));
        using var ann = await again.VisitAsAsync(SentinelCamApp.AnnsEmail);

        var page = await ann.GetAsync("/admin/camera");

        Assert.Equal("demo", again.Services.GetRequiredService<CameraFeed>().Status.Source);
        Assert.Contains("The source is set in SentinelCam's configuration", page.Main, StringComparison.Ordinal);
        Assert.Null(page.Document.QuerySelector("#Source"));
        var answer = await ann.PostAsync("/admin/camera", [new("Source", "63"), new("__RequestVerificationToken", page.Token)]);
        Assert.Contains("overrides a choice made here", answer.Main, StringComparison.Ordinal);
        Assert.Equal("demo", again.Services.GetRequiredService<CameraFeed>().Status.Source);
    }

    [Fact]
    public async Task Unreadable_choice_does_not_stop_the_start()
    {
        var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        using (var ann = await app.RegisterAnnAsync())
            await ann.SubmitAsync("/admin/camera", new { Source = "demo" });
        await app.StopAsync();
        foreach (var key in Directory.EnumerateFiles(Path.Combine(app.DataDirectory, "keys")))
            File.Delete(key);

        await using var again = await app.StartAgainAsync(null, Household.CheapPasswords, NothingConfigured);

        Assert.Equal("auto", again.Services.GetRequiredService<CameraFeed>().Status.Source);
        Assert.Contains("Choose it again on /admin/camera", again.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_picture_works_without_scripts_and_refreshes_with_them()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Camera:Warm", "Never"));
        using var ann = await app.RegisterAnnAsync();

        var page = await ann.GetAsync("/admin/camera");
        var picture = page.Document.QuerySelector(".preview img")!.GetAttribute("src")!;
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync(picture)).Status);
        Assert.Contains("<noscript>", page.Text, StringComparison.Ordinal);
        Assert.Equal(CameraState.Live, app.Services.GetRequiredService<CameraFeed>().Status.State);

        var part = await ann.GetAsync("/admin/camera", ("HX-Request", "true"));
        Assert.DoesNotContain("<html", part.Text, StringComparison.Ordinal);
        Assert.Contains("frames per second", part.Text, StringComparison.Ordinal);
        Assert.Contains("handler=Frame", part.Text, StringComparison.Ordinal);
        Assert.Matches(@"last frame \d+ s old", part.Text);
        // The page does not jump while the next picture loads, and a live camera's frame does not age
        Assert.Equal(
            ("640", "480"),
            (part.Document.QuerySelector("img")!.GetAttribute("width"),
                part.Document.QuerySelector("img")!.GetAttribute("height")));
        Assert.Null(part.Document.QuerySelector("[data-age]"));
        Assert.NotNull(page.Document.QuerySelector("form[action='/capture']"));
    }

    [Fact]
    public async Task In_a_browser_the_live_picture_of_a_chosen_source_renews_itself()
    {
        Chromium.SkipUnlessInstalled();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, NothingConfigured);
        (await app.RegisterAnnAsync()).Dispose();
        await using var browser = await Chromium.OpenAsync(app.Address);
        var page = await browser.NewPageAsync();
        await page.GotoAsync("/login?ReturnUrl=/admin/camera");
        await page.FillAsync("#Email", SentinelCamApp.AnnsEmail);
        await page.FillAsync("#Password", SentinelCamApp.Password);
        await page.ClickAsync("main button[type=submit]");

        await page.FillAsync("#Source", "demo");
        await page.ClickAsync("text=Use it");

        await page.WaitForSelectorAsync("text=The new source is saved and in use.");
        // The picture may just be loading
        var seen = new HashSet<string>();
        await Eventually.TrueAsync(async () =>
        {
            if (await page.EvaluateAsync<string?>(LoadedPicture) is { } address)
                seen.Add(address);
            return seen.Count == 2;
        }, app.Log);
        await page.WaitForSelectorAsync(".preview [data-state=Live]");
    }

    [Fact]
    public async Task Live_picture_is_for_administrators_only()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        using var nobody = app.Visit();

        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync("/admin/camera?handler=Frame")).Status);
        Assert.Equal("/login", (await nobody.GetAsync("/admin/camera?handler=Frame")).Path);
    }

    [Fact]
    public async Task Failing_camera_shows_its_last_error_and_health_tells_the_administrator()
    {
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Camera:Source", "http://me:hunter2@127.0.0.1:1/video?key=hunter2"));
        using var ann = await app.RegisterAnnAsync();
        using var nobody = app.Visit();
        var camera = app.Services.GetRequiredService<CameraFeed>();

        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync("/admin/camera?handler=Frame")).Status);
        var page = await ann.GetAsync("/admin/camera");
        var health = await ann.GetAsync("/healthz");
        var dashboard = await ann.GetAsync("/dashboard");

        Assert.Contains("Last error", page.Main, StringComparison.Ordinal);
        Assert.Null(page.Document.QuerySelector(".preview img"));
        foreach (var text in new[] { page.Main, health.Text, dashboard.Main })
        {
            Assert.Contains("The camera does not answer.", text, StringComparison.Ordinal);
            Assert.Contains("Check its power", text, StringComparison.Ordinal);
        }
        Assert.Equal(CameraState.Failed, camera.Status.State);
        Assert.DoesNotContain("camera", (await nobody.GetAsync("/healthz")).Text, StringComparison.Ordinal);

        // No page, mail, log line or database row repeats the password
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        Assert.DoesNotContain("hunter2", page.Text + health.Text + dashboard.Text + (await ann.GetAsync("/userdata")).Text,
            StringComparison.Ordinal);
        Assert.All(app.Kept(),
            file => Assert.DoesNotContain("hunter2", Encoding.Latin1.GetString(file.Bytes), StringComparison.Ordinal));
    }
}
