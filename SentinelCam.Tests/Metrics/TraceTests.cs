using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Metrics;

/// <summary>One attempt is one trace, from the form to the mail, and a collector gets it.</summary>
public class TraceTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Form_capture_and_mail_have_one_trace_that_no_visitor_chooses()
    {
        var steps = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = steps.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        var token = (await ann.GetAsync("/login")).Token;
        const string Strangers = "0123456789abcdef0123456789abcdef";

        await ann.PostAsync("/login",
            [new("__RequestVerificationToken", token), new("Email", SentinelCamApp.AnnsEmail), new("Password", "wrong")],
            [("traceparent", $"00-{Strangers}-0123456789abcdef-00")]);
        await app.WaitForAcceptedAsync(1);
        var stored = await app.ReadAsync(db => db.LoginAttempts.Select(a => a.TraceParent).SingleAsync());

        var trace = ActivityContext.Parse(stored!, null).TraceId;
        Assert.NotEqual(Strangers, trace.ToHexString());
        var own = await Eventually.GetAsync(
            () => steps.Where(step => step.TraceId == trace).OrderBy(step => step.StartTimeUtc).ToList(),
            found => found.Count == 3, app.Log);
        Assert.Equal(["check credentials", "capture", "send mail"], own.Select(step => step.OperationName));
        Assert.Equal([null, own[0].Id, own[1].Id], own.Select(step => step.ParentId));
        Assert.All(own.SelectMany(step => step.TagObjects), tag => Assert.Equal("result", tag.Key));
    }

    [Fact]
    public async Task Collector_gets_metrics_and_traces_without_names()
    {
        await using var sink = await WebSink.StartAsync();
        await using (var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Metrics:Otlp", sink.Url(""))))
        {
            using var ann = await app.RegisterAnnAsync();
            await ann.SignOutAsync();
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
            await app.WaitForAcceptedAsync(1);
            // Sends what is left
            await app.StopAsync();
        }

        foreach (var (path, words) in new[]
        {
            ("/v1/metrics", new[] { "sentinelcam.login_attempts", "wrong_password", "sentinelcam.camera.state" }),
            ("/v1/traces", ["check credentials", "capture", "send mail"]),
        })
        {
            var bodies = string.Concat(
                sink.Requests.Where(request => request.Path == path).Select(request => Encoding.Latin1.GetString(request.Body)));
            Assert.All(words, word => Assert.Contains(word, bodies, StringComparison.Ordinal));
            Assert.DoesNotContain(SentinelCamApp.AnnsEmail, bodies, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Packages_for_a_collector_are_loaded_only_if_there_is_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        await using var sink = await WebSink.StartAsync();
        Assert.Empty(await LoadedAsync());
        Assert.NotEmpty(await LoadedAsync(("Metrics:Otlp", sink.Url(""))));

        static async Task<List<string>> LoadedAsync(params (string Key, string? Value)[] settings)
        {
            var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
            List<string> loaded;
            await using (var app = SentinelCamProcess.Start(Path.Combine(directory, "data"), settings))
            {
                using var http = new HttpClient();
                await http.GetStringAsync(new Uri(await app.Address, "/metrics"), Cancelled);
                loaded = [.. (await File.ReadAllLinesAsync($"/proc/{app.Id}/maps", Cancelled))
                    .Where(line => line.Contains("OpenTelemetry", StringComparison.Ordinal))];
            }

            Directory.Delete(directory, recursive: true);
            return loaded;
        }
    }
}
