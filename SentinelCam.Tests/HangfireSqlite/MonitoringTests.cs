using System.Net;
using Hangfire;
using Hangfire.Common;
using Hangfire.Logging;
using Hangfire.States;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Hangfire's own dashboard on the storage: its pages and its buttons.</summary>
public sealed class MonitoringTests : IAsyncLifetime
{
    private static readonly string[] Pages =
    [
        "", "/servers", "/retries", "/recurring", "/jobs/enqueued", "/jobs/enqueued/default",
        "/jobs/enqueued/fetched/default", "/jobs/scheduled", "/jobs/processing", "/jobs/succeeded", "/jobs/failed",
        "/jobs/deleted", "/jobs/awaiting", "/jobs/succeeded?from=0&count=50", "/?period=week",
    ];

    private readonly TemporaryStorage _temporary = new();
    private readonly BackgroundJobClient _client;
    private IHost _host = null!;
    private HttpClient _browser = null!;

    public MonitoringTests() => _client = new BackgroundJobClient(_temporary.Storage);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await new HostBuilder().ConfigureWebHost(web => web
            .UseTestServer()
            .ConfigureServices(services => services
                .AddHangfire(hangfire => hangfire.UseLogProvider(new NoLogProvider()).UseActivator(new JobActivator()))
                .AddSingleton<JobStorage>(_temporary.Storage))
            .Configure(app => app.UseHangfireDashboard(
                "/hangfire",
                new DashboardOptions { Authorization = [], IgnoreAntiforgeryToken = true },
                _temporary.Storage))).StartAsync(Token);
        _browser = _host.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Every_page_works_with_jobs_in_every_state()
    {
        var ids = OneInEachState();
        foreach (var page in Pages.Concat(ids.Select(id => $"/jobs/details/{id}")))
        {
            var response = await _browser.GetAsync($"/hangfire{page}", Token);
            var html = await response.Content.ReadAsStringAsync(Token);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{page}: {response.StatusCode} {html}");
        }

        foreach (var state in new[] { "scheduled", "processing", "succeeded", "failed", "deleted", "awaiting" })
            Assert.Contains("Signals.Send", await GetAsync($"/jobs/{state}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_details_of_a_job_show_states_and_parameters()
    {
        var id = _client.Enqueue(() => Signals.Send("a-name", "x"));
        using (var connection = _temporary.Connect()) connection.SetJobParameter(id, "Colour", "\"green\"");
        _client.Delete(id);
        var html = await GetAsync($"/jobs/details/{id}");
        Assert.All(["Enqueued", "Deleted", "Colour", "green", "a-name"], text => Assert.Contains(text, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_figures_that_the_pages_poll_are_those_of_the_storage()
    {
        _client.Enqueue(() => Signals.Send("nobody", "x"));
        _client.Delete(_client.Enqueue(() => Signals.Send("nobody", "x")));
        using var content = new FormUrlEncodedContent([
            new("metrics[]", "enqueued:count-or-null"), new("metrics[]", "deleted:count"), new("metrics[]", "servers:count"),
        ]);
        var response = await _browser.PostAsync("/hangfire/stats", content, Token);
        var json = await response.Content.ReadAsStringAsync(Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"deleted:count\":{\"value\":\"1\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_jobs_are_deleted_and_requeued_at_once()
    {
        string[] ids = [.. Enumerable.Range(0, 3).Select(_ => _client.Enqueue(() => Signals.Send("nobody", "x")))];
        await PostAsync("/jobs/enqueued/delete", "jobs[]", ids);
        Assert.Equal(3, _temporary.Monitor().DeletedListCount());
        await PostAsync("/jobs/deleted/requeue", "jobs[]", ids);
        Assert.Equal(3, _temporary.Monitor().GetStatistics().Enqueued);
        await PostAsync($"/jobs/actions/delete/{ids[0]}", "x", []);
        Assert.Equal(1, _temporary.Monitor().DeletedListCount());
    }

    [Fact]
    public async Task A_recurring_job_is_triggered_and_removed()
    {
        new RecurringJobManager(_temporary.Storage).AddOrUpdate("nightly", () => Signals.Send("nobody", "x"), "0 3 * * *");
        Assert.Contains("nightly", await GetAsync("/recurring"), StringComparison.Ordinal);
        await PostAsync("/recurring/trigger", "jobs[]", ["nightly"]);
        Assert.Equal(1, _temporary.Monitor().EnqueuedCount("default"));
        await PostAsync("/recurring/remove", "jobs[]", ["nightly"]);
        Assert.Equal(0, _temporary.Monitor().GetStatistics().Recurring);
    }

    private List<string> OneInEachState()
    {
        using var connection = _temporary.Connect();
        connection.AnnounceServer("server", new Hangfire.Server.ServerContext { Queues = ["default"], WorkerCount = 1 });
        var parent = connection.Enqueue();
        IState[] states =
        [
            new ScheduledState(TimeSpan.FromHours(1)), new SucceededState("result", 1, 2), new DeletedState(),
            new FailedState(new InvalidOperationException("no")), new AwaitingState(parent),
            StateOf("Processing", new() { ["StartedAt"] = JobHelper.SerializeDateTime(DateTime.UtcNow), ["ServerId"] = "server", ["WorkerId"] = Guid.NewGuid().ToString() }),
        ];
        var ids = new List<string> { parent };
        foreach (var state in states)
        {
            var id = connection.CreateJob();
            connection.Commit(t => t.SetJobState(id, state));
            ids.Add(id);
        }

        connection.Commit(t => t.AddToSet("retries", ids[1]));
        connection.Enqueue();
        using var job = connection.FetchNextJob(["default"], Token);
        return ids;
    }

    private static NamedState StateOf(string name, Dictionary<string, string> data) => new(name, data);

    private async Task<string> GetAsync(string page) => await _browser.GetStringAsync($"/hangfire{page}", Token);

    private async Task PostAsync(string page, string name, string[] values)
    {
        using var content = new FormUrlEncodedContent(values.Select(value => KeyValuePair.Create(name, value)));
        var response = await _browser.PostAsync($"/hangfire{page}", content, Token);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    // Hangfire has one log and one activator for the process: those of this host would be gone before other tests
    private sealed class NoLogProvider : ILogProvider, ILog
    {
        public ILog GetLogger(string name) => this;

        public bool Log(LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null) => false;
    }

    private sealed class NamedState(string name, Dictionary<string, string> data) : IState
    {
        public string Name => name;

        public string? Reason => null;

        public bool IsFinal => false;

        public bool IgnoreJobLoadException => false;

        public Dictionary<string, string> SerializeData() => data;
    }
}
