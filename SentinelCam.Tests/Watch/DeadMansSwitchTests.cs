using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Watch;

namespace SentinelCam.Tests.Watch;

/// <summary>The address that is called while everything works.</summary>
public class DeadMansSwitchTests
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Address_is_called_every_five_minutes_and_not_while_the_camera_fails()
    {
        await using var sink = await StartSinkAsync();
        var camera = new SteadyCamera(_clock);
        await using var app = await StartAsync(camera, sink);
        (await app.RegisterAnnAsync()).Dispose();

        await CallsAsync(app, sink, 3);
        Assert.All(sink.Requests, request => Assert.Equal("/ping/secret", request.Path));
        Assert.All(sink.Requests, request => Assert.False(request.Headers.ContainsKey("traceparent")));

        camera.Fault = CameraFaults.NoAnswer;
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Failed), failed => failed == 1,
            meanwhile: () => _clock.Advance(TimeSpan.FromMilliseconds(500)));
        await SaysAsync(app, "is not called, because the camera does not work");
        await CallsNothingAsync(app, sink);

        camera.Fault = null;
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await CallsAsync(app, sink, 2);
        Assert.Single(app.Log().Split('\n'), line => line.Contains("the camera does not work", StringComparison.Ordinal));
        Assert.DoesNotContain("secret", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_is_called_in_the_dark_until_that_is_told()
    {
        await using var sink = await StartSinkAsync();
        var camera = new SteadyCamera(_clock) { Quality = FrameQuality.Black };
        await using var app = await StartAsync(camera, sink);
        (await app.RegisterAnnAsync()).Dispose();
        await CallsAsync(app, sink, 3);

        await app.WaitForToldAsync(_clock, TroubleKind.Camera);
        await SaysAsync(app, "is not called, because the camera shows nothing");
        await CallsNothingAsync(app, sink);

        camera.Quality = FrameQuality.Good;
        await app.WaitForOverAsync(_clock, TroubleKind.Camera);
        await CallsAsync(app, sink, 2);
    }

    [Fact]
    public async Task Address_is_not_called_while_mails_are_refused()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 closed for now");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var sink = await StartSinkAsync();
        await using var app = await StartAsync(new SteadyCamera(_clock), sink, server.Settings);
        (await app.RegisterAnnAsync()).Dispose();
        await CallsAsync(app, sink, 1);

        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Tries > 0), tried => tried == 1);
        await SaysAsync(app, "is not called, because emails are not accepted");
        await CallsNothingAsync(app, sink);

        script.Reply(SmtpStage.Greeting, "220 localhost back again");
        await CallsAsync(app, sink, 1);
    }

    [Fact]
    public async Task Address_is_not_called_while_a_folder_of_the_data_directory_cannot_be_written()
    {
        await using var sink = await StartSinkAsync();
        await using var app = await StartAsync(new SteadyCamera(_clock), sink);
        await CallsAsync(app, sink, 1);

        Directory.Delete(Path.Combine(app.DataDirectory, "outbox"), recursive: true);
        await SaysAsync(app, "is not called, because files does not work");
        await CallsNothingAsync(app, sink);

        Directory.CreateDirectory(Path.Combine(app.DataDirectory, "outbox"));
        await CallsAsync(app, sink, 1);
    }

    [Fact]
    public async Task Redirect_is_not_followed_and_failures_are_logged_once_for_each_change()
    {
        await using var elsewhere = await WebSink.StartAsync();
        await using var sink = await StartSinkAsync();
        sink.Answer = context =>
        {
            context.Response.Redirect(elsewhere.Url("/stolen"));
            return Task.CompletedTask;
        };
        await using var app = await StartAsync(new SteadyCamera(_clock), sink);
        await CallsAsync(app, sink, 3);
        sink.Answer = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await CallsAsync(app, sink, 3);
        var hangs = new TaskCompletionSource();
        sink.Answer = _ => hangs.Task;
        await Eventually.TrueAsync(() => app.Log().Contains("does not answer within ten seconds", StringComparison.Ordinal),
            app.Log, meanwhile: () => _clock.Advance(TimeSpan.FromSeconds(5)));
        hangs.SetResult();

        Assert.Empty(elsewhere.Requests);
        Assert.Equal(1, Count("answers with a redirect, which is not followed"));
        Assert.Equal(1, Count("answers with status 500"));

        int Count(string text) => app.Log().Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clock_that_differs_from_that_of_the_called_address_by_a_minute_is_told_once_and_once_when_it_is_over()
    {
        await using var sink = await StartSinkAsync();
        var camera = new SteadyCamera(_clock);
        await using var app = await StartAsync(camera, sink);
        using var ann = await app.RegisterAnnAsync();
        await CallsAsync(app, sink, 2);
        // One odd answer means nothing
        Date(sink, TimeSpan.FromMinutes(-10));
        await CallsAsync(app, sink, 1);
        Date(sink, TimeSpan.Zero);
        await CallsAsync(app, sink, 2);
        Assert.Empty(await app.NoticesAsync());

        Date(sink, TimeSpan.FromSeconds(-90));
        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.Clock);
        Assert.StartsWith("The clock is 90 seconds ahead of the clock of 127.0.0.1.", trouble!.Problem, StringComparison.Ordinal);
        Assert.Contains("The clock is wrong since", await ann.BannerAsync(), StringComparison.Ordinal);
        await app.LookAsync(_clock, 20);
        await using var again = await app.StartAgainAsync(
            _clock, WatchedApp.With(camera), WatchedApp.Settings(("Watch:Ping", sink.Url("/ping/secret"))));
        await again.LookAsync(_clock, 20);
        Assert.Equal(["The clock is wrong"], await again.NoticesAsync());

        Date(sink, TimeSpan.Zero);
        await again.WaitForOverAsync(_clock, TroubleKind.Clock);
        await again.LookAsync(_clock, 10);
        Assert.Equal(["The clock is wrong", "The clock is right again"], await again.NoticesAsync());
    }

    [Theory]
    [InlineData("Watch:Ping", "hc.example.org/uuid")]
    [InlineData("Watch:Ping", "ftp://hc.example.org/uuid")]
    [InlineData("Watch:Ping", "https://name:password@hc.example.org/uuid")]
    [InlineData("Watch:Look", "00:01:00")]
    [InlineData("Watch:DarkFor", "an hour")]
    [InlineData("Watch:MinFree", "1 GiB")]
    [InlineData("Watch:Mode", "Sometimes")]
    public void Wrong_setting_stops_the_start_and_hides_the_address(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();

        var error = Assert.Throws<ConfigurationException>(() => WatchOptions.Read(configuration));

        Assert.StartsWith($"{key} is \"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("uuid", error.Message, StringComparison.Ordinal);
    }

    private async Task<WebSink> StartSinkAsync()
    {
        var sink = await WebSink.StartAsync();
        Date(sink, TimeSpan.Zero);
        return sink;
    }

    /// <summary>Lets it answer with this clock's time and a difference.</summary>
    private void Date(WebSink sink, TimeSpan difference) => sink.Answer = context =>
    {
        context.Response.Headers.Date = (_clock.GetUtcNow() + difference).ToString("r", CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    };

    /// <summary>Moves the clock until there were so many more calls.</summary>
    private async Task CallsAsync(SentinelCamApp app, WebSink sink, int count)
    {
        var before = sink.Requests.Count;
        for (var minute = 0; minute < 60 && sink.Requests.Count < before + count; minute++)
            await app.LookAsync(_clock);

        Assert.True(sink.Requests.Count >= before + count, $"{sink.Requests.Count - before} calls\n{app.Log()}");
    }

    private async Task CallsNothingAsync(SentinelCamApp app, WebSink sink)
    {
        var before = sink.Requests.Count;
        await app.LookAsync(_clock, 6);
        Assert.Equal(before, sink.Requests.Count);
    }

    /// <summary>Moves the clock until the log has a line.</summary>
    private async Task SaysAsync(SentinelCamApp app, string text)
    {
        for (var minute = 0; minute < 60 && !app.Log().Contains(text, StringComparison.Ordinal); minute++)
            await app.LookAsync(_clock);
        await Eventually.TrueAsync(() => app.Log().Contains(text, StringComparison.Ordinal), app.Log);
    }

    private Task<SentinelCamApp> StartAsync(
        SteadyCamera camera, WebSink sink, params (string Key, string? Value)[] settings) => SentinelCamApp.StartAsync(
        _clock, WatchedApp.With(camera), WatchedApp.Settings([("Watch:Ping", sink.Url("/ping/secret")), .. settings]));
}
