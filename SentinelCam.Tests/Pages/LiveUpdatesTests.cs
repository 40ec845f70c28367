using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>The stream behind the dashboard: commits wake it, and it ends with the session.</summary>
[Trait("Database", "Both")]
public class LiveUpdatesTests(Household household) : IClassFixture<Household>
{
    private const string Path = "/dashboard/events";

    [Fact]
    public async Task Commit_notifies_those_it_concerns()
    {
        using var eve = await household.App.VisitAsAsync(Household.Eves);
        await using var events = await EventStream.OpenAsync(eve, Path);
        Assert.Equal("open", await events.NextAsync());

        await household.App.FailToSignInAsync(Household.Bobs, isCaptured: false);
        await household.App.FailToSignInAsync(Household.Eves, isCaptured: false);

        // On a slow machine a beat may come first
        string? name;
        do
            name = await events.NextAsync();
        while (name == "beat");
        Assert.Equal("news", name);
    }

    [Fact]
    public async Task Camera_changes_are_announced_without_a_commit()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Camera:Warm", "Never"));
        using var ann = await app.RegisterAnnAsync();
        await using var events = await EventStream.OpenAsync(ann, Path);
        Assert.Equal("open", await events.NextAsync());

        app.Services.GetRequiredService<CameraFeed>().WarmForPreview();

        // Without a look in between, the new state would come only with the beat after 15 seconds
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("news", await events.NextAsync());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(12));
    }

    [Fact]
    public async Task Stream_ends_on_sign_out()
    {
        using var bob = await household.App.VisitAsAsync(Household.Bobs);
        await using var events = await EventStream.OpenAsync(bob, Path);
        Assert.Equal("open", await events.NextAsync());

        await bob.SignOutAsync();

        await events.UntilEndAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await bob.GetAsync(Path)).Status);
    }

    [Fact]
    public async Task Stream_ends_with_the_session_and_does_not_prolong_it()
    {
        await household.App.AddAccountAsync("Zed", "zed@example.org");
        using var zed = await household.App.VisitAsAsync("zed@example.org");
        await using var events = await EventStream.OpenAsync(zed, Path);
        Assert.Equal("open", await events.NextAsync());

        // After half of its time an ordinary page renews the session
        household.Clock.Sleep(TimeSpan.FromHours(7));
        var fragment = await zed.GetAsync("/dashboard?Since=0_0", ("HX-Request", "true"));
        var renewal = $"{household.App.SessionCookie}=";
        Assert.DoesNotContain(renewal, fragment.Headers.GetValueOrDefault("Set-Cookie", ""), StringComparison.Ordinal);
        // Pictures and styles that come with an update do not renew it either
        foreach (var path in new[] { "/snapshots/1?size=thumb", "/site.css" })
            Assert.DoesNotContain(
                renewal, (await zed.GetAsync(path)).Headers.GetValueOrDefault("Set-Cookie", ""), StringComparison.Ordinal);
        household.Clock.Sleep(TimeSpan.FromHours(6));
        await household.App.FailToSignInAsync("zed@example.org", isCaptured: false);

        await events.UntilEndAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await zed.GetAsync(Path)).Status);
    }

    [Fact]
    public async Task Update_without_changes_keeps_the_last_announcement()
    {
        await household.App.AddAccountAsync("Ned", "ned@example.org");
        using var ned = await household.App.VisitAsAsync("ned@example.org");
        await household.App.FailToSignInAsync("ned@example.org", "192.0.2.77", isCaptured: false);

        var news = await ned.GetAsync("/dashboard?Since=0_0", ("HX-Request", "true"));
        var since = news.Document.QuerySelector("#since")!.GetAttribute("value");
        var nothingNew = await ned.GetAsync($"/dashboard?Since={since}", ("HX-Request", "true"));

        Assert.Contains("192.0.2.77", news.Document.QuerySelector("#announcement")!.TextContent, StringComparison.Ordinal);
        Assert.Null(nothingNew.Document.QuerySelector("#announcement"));
        Assert.NotNull(nothingNew.Document.QuerySelector("#latest .alert"));
    }

    [Fact]
    public async Task An_account_may_open_eight_streams_and_a_stranger_none()
    {
        await household.App.AddAccountAsync("Many", "many@example.org");
        using var many = await household.App.VisitAsAsync("many@example.org");
        var open = new List<EventStream>();
        for (var i = 0; i < 8; i++)
        {
            open.Add(await EventStream.OpenAsync(many, Path));
            Assert.Equal("open", await open[i].NextAsync());
        }

        var refused = await many.GetAsync(Path);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.Contains("Too many requests", refused.Main, StringComparison.Ordinal);
        Assert.NotNull(refused.Document.QuerySelector("main code"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await household.Nobody.GetAsync(Path)).Status);
        foreach (var stream in open)
            await stream.DisposeAsync();
    }
}
