using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Metrics;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Metrics;

/// <summary><c>/metrics</c>, and who gets it.</summary>
public class MetricsTests
{
    private const string Token = "0123456789abcdef-token";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_an_attempt_a_picture_and_a_mail_the_numbers_say_so_and_name_nobody()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Camera:Warm", "Always"));
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
        await ann.SignInAsync("nobody@example.org", "a wrong password");
        await app.WaitForAcceptedAsync(2);
        await app.WaitForCapturesAsync();

        // Counted after its commit
        var text = await Eventually.GetAsync(() => ScrapeAsync(app), scraped =>
            Parse(scraped).GetValueOrDefault("""sentinelcam_delivery_time_seconds_count{state="accepted"}""") == 2);
        var metrics = Parse(text);

        Assert.Equal(1, metrics["""sentinelcam_login_attempts_total{source="web_page",outcome="wrong_password"}"""]);
        Assert.Equal(1, metrics["""sentinelcam_login_attempts_total{source="web_page",outcome="unknown_account"}"""]);
        Assert.Equal(2, metrics["""sentinelcam_capture_duration_seconds_count{result="demo"}"""]);
        Assert.Equal(2, metrics["""sentinelcam_capture_duration_seconds_bucket{result="demo",le="+Inf"}"""]);
        Assert.InRange(metrics["""sentinelcam_capture_duration_seconds_sum{result="demo"}"""], 0.0001, 30);
        Assert.Equal(2, metrics["""sentinelcam_mail_tries_total{result="accepted"}"""]);
        Assert.Equal(2, metrics["""sentinelcam_deliveries_ended_total{state="accepted"}"""]);
        Assert.Equal(2, metrics["""sentinelcam_delivery_time_seconds_count{state="accepted"}"""]);
        Assert.Equal(0, metrics["""sentinelcam_deliveries{state="waiting"}"""]);
        Assert.Equal(0, metrics["sentinelcam_delivery_oldest_seconds"]);
        Assert.Equal(0, metrics["sentinelcam_captures_waiting"]);
        Assert.Equal(0, metrics["""sentinelcam_queue_length{queue="mails"}"""]);
        Assert.Equal(0, metrics["""sentinelcam_trouble{kind="camera"}"""]);
        Assert.Equal(1, metrics["""sentinelcam_camera_state{state="live"}"""]);
        Assert.Equal(0, metrics["""sentinelcam_camera_state{state="failed"}"""]);
        Assert.InRange(metrics["sentinelcam_camera_frame_age_seconds"], 0, 5);
        Assert.True(metrics["sentinelcam_pictures_size_bytes"] > 0);
        Assert.True(metrics["sentinelcam_disk_free_bytes"] > 0);
        Assert.True(metrics["sentinelcam_database_size_bytes"] > 0);
        foreach (var secret in new[] { "@", "ann", "nobody", "127.0.0.1", "Tests", app.DataDirectory })
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Mail_that_waits_has_an_age_and_a_run_that_fails_is_counted()
    {
        using var port = new ClosedPort();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, SmtpSettings.For(port.Number));
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Waiting && d.Tries > 0), waiting => waiting == 1);

        await Eventually.TrueAsync(async () =>
        {
            var metrics = Parse(await ScrapeAsync(app));
            return metrics.GetValueOrDefault("""sentinelcam_job_failures_total{job="SendAlertJob"}""") == 1
                && metrics["""sentinelcam_deliveries{state="waiting"}"""] == 1
                && metrics["sentinelcam_delivery_oldest_seconds"] > 0
                && metrics["""sentinelcam_mail_tries_total{result="try_again"}"""] == 1;
        }, app.Log);
    }

    [Theory]
    [InlineData(null, null, null, null, HttpStatusCode.OK)]
    [InlineData(null, null, "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(null, null, null, "cam.example.org", HttpStatusCode.NotFound)]
    [InlineData(null, $"Bearer {Token}", "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(Token, null, "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(Token, "Bearer 0123456789abcdef-other", "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(Token, "Bearer ", "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(Token, $"Basic {Token}", "203.0.113.7", null, HttpStatusCode.NotFound)]
    [InlineData(Token, $"Bearer {Token}", "203.0.113.7", null, HttpStatusCode.OK)]
    [InlineData(Token, $"Bearer {Token}", null, "cam.example.org", HttpStatusCode.OK)]
    public async Task Only_this_machine_and_holders_of_the_token_get_the_metrics(
        string? token, string? authorization, string? forwardedFor, string? host, HttpStatusCode status)
    {
        await using var app = await SentinelCamApp.StartAsync(("Metrics:Token", token));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/metrics"));
        if (authorization is not null)
            Assert.True(request.Headers.TryAddWithoutValidation("Authorization", authorization));
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        request.Headers.Host = host;

        using var answer = await http.SendAsync(request, Cancelled);

        Assert.Equal(status, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Equal(status == HttpStatusCode.OK, text.Contains("sentinelcam_", StringComparison.Ordinal));
        if (status == HttpStatusCode.OK)
        {
            var type = MediaTypeHeaderValue.Parse("text/plain; version=0.0.4; charset=utf-8");
            Assert.Equal(type, answer.Content.Headers.ContentType);
        }
    }

    [Theory]
    [InlineData("metrics.md")]
    [InlineData("grafana-dashboard.json")]
    public async Task Document_and_dashboard_have_all_metrics_and_no_others(string document)
    {
        await using var app = await SentinelCamApp.StartAsync();
        var published = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Telemetry.Name)
                    published[PrometheusText.Describe(instrument).Name] = true;
            },
        };
        listener.Start();
        var text = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "Pages-docs", document), Cancelled);

        var named = Regex.Matches(text, "sentinelcam_[a-z_]+")
            .Select(match => Regex.Replace(match.Value, "_(bucket|sum|count)$", "")).Distinct();

        Assert.Equal(published.Keys.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        if (document.EndsWith(".json", StringComparison.Ordinal))
            Assert.Equal("SentinelCam", JsonDocument.Parse(text).RootElement.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("Metrics:Token", "short")]
    [InlineData("Metrics:Otlp", "collector:4318")]
    [InlineData("Metrics:Otlp", "http://name:secret@collector:4318")]
    public void Wrong_setting_stops_the_start_and_shows_no_secret(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();

        var error = Assert.Throws<ConfigurationException>(() => MetricsOptions.Read(configuration));

        Assert.StartsWith($"{key} is \"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("short", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ScrapeAsync(SentinelCamApp app)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(app.Address, "/metrics"), Cancelled);
    }

    /// <summary>Reads the text format; each line must be one of it.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        var types = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                continue;
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.Matches("^# TYPE [a-z_]+ (counter|gauge|histogram)$", line);
                Assert.True(types.Add(line.Split(' ')[2]), line);
                continue;
            }

            Assert.Matches("^[a-z_]+({[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*})? [-+0-9.E]+$", line);
            var space = line.LastIndexOf(' ');
            values.Add(line[..space], double.Parse(line[space..], CultureInfo.InvariantCulture));
        }

        return values;
    }
}
