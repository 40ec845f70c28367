using System.Net;
using System.Text.RegularExpressions;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Two real processes on one real PostgreSQL, each with a data directory of its own.</summary>
public sealed partial class SharedByNodesTests : IAsyncLifetime
{
    /// <summary>The dashboard also looks by itself, every 15 seconds.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>A visitor from another machine.</summary>
    private static readonly (string, string) Forwarded = ("X-Forwarded-For", "192.0.2.1");

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly SmtpScript _script = new();
    private readonly ScriptedSmtpServer _mails;
    private readonly List<SentinelCamProcess> _nodes = [];
    private (string Key, string? Value)[] _database = [];

    public SharedByNodesTests() => _mails = ScriptedSmtpServer.Start(_script);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _database = await PostgresServer.NewDatabaseAsync();
    }

    [Fact]
    public async Task Nodes_that_start_at_once_agree_on_one_set_up_code_and_one_key()
    {
        var addresses = await StartTwoAsync();
        var codes = _nodes.Select(node => SetupCode().Match(node.Said).Groups[1].Value).Distinct();
        var code = Assert.Single(codes);
        Assert.Equal(1L, await PostgresServer.ReadAsync<long>(_database, """SELECT count(*) FROM "DataProtectionKeys" """));
        Assert.DoesNotContain(_nodes, node => node.Said.Contains(" ERR ", StringComparison.Ordinal));
        Assert.All(new[] { "a", "b" }, name => Assert.Empty(Directory.GetFiles(Path.Combine(_directory, name, "keys"))));
        // It is encrypted
        Assert.DoesNotContain(code, await PostgresServer.ReadAsync<string>(
            _database, """SELECT string_agg("ProtectedValue", ' ') FROM "SharedRows" """), StringComparison.Ordinal);

        // The code of one opens the other
        using var visitor = new WebVisitor(addresses[1], "Tests/1.0");
        var form = await visitor.GetAsync("/register", Forwarded);
        Assert.Equal("/register", (await RegisterAsync("AAAA-AAAA-AAAA")).Path);
        Assert.Equal("/dashboard", (await RegisterAsync(code)).Path);

        Task<WebAnswer> RegisterAsync(string setupCode) => visitor.SubmitAsync(
            form, new
            {
                UserName = "Ann",
                Email = SentinelCamApp.AnnsEmail,
                SentinelCamApp.Password,
                SetupCode = setupCode,
            }, null, Forwarded);
    }

    [Fact]
    public async Task Cookies_forms_and_pictures_of_one_node_are_valid_on_the_other()
    {
        var addresses = await StartTwoAsync();
        using var ann = new WebVisitor(addresses[0], "Tests/1.0");
        Assert.Equal("/dashboard", (await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        await FailAsync(addresses[0]);
        var first = await Eventually.GetAsync(
            () => ann.GetAsync("/dashboard"), page => PictureOf(page) is not null, () => _nodes[0].Said);

        // A load balancer sends the same browser to the other node
        using var elsewhere = new WebVisitor(addresses[1], "Tests/1.0");
        elsewhere.TakeCookies(addresses[0], ann);
        var dashboard = await elsewhere.GetAsync("/dashboard");
        Assert.Equal("/dashboard", dashboard.Path);
        var picture = await elsewhere.GetAsync(PictureOf(first)!);
        Assert.Equal((HttpStatusCode.OK, "image/jpeg"), (picture.Status, picture.Headers["Content-Type"]));
        Assert.Equal(picture.Body, (await ann.GetAsync(PictureOf(first)!)).Body);

        // A form that one node has shown, sent to the other
        var form = await ann.GetAsync("/settings/data");
        var moved = form with { Uri = new Uri(addresses[1], form.PathAndQuery) };
        Assert.Equal("/", (await elsewhere.SubmitAsync(moved, new { }, "/logout")).Path);
        // Its session has ended everywhere. A node believes one that it has just read until it hears of the commit
        await Eventually.GetAsync(() => ann.GetAsync("/dashboard"), page => page.Path == "/login", () => _nodes[0].Said);
    }

    [Fact]
    public async Task Dashboard_of_one_node_shows_what_another_recorded_even_after_its_connection_was_lost()
    {
        var addresses = await StartTwoAsync();
        using var ann = new WebVisitor(addresses[1], "Tests/1.0");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await using var events = await EventStream.OpenAsync(ann, "/dashboard/events");
        Assert.Equal("open", await events.NextAsync());

        await FailAsync(addresses[0]);
        await NewsAsync(events).WaitAsync(Soon, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _mails.Messages.Count > 0);

        var listeners = await PostgresServer.ReadAsync<long>(_database, """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'SentinelCam listener'
            """);
        Assert.Equal(2, listeners);
        await FailAsync(addresses[0]);
        await NewsAsync(events).WaitAsync(Soon, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            () => _nodes.TrueForAll(node => node.Said.Contains("is announced again", StringComparison.Ordinal)));
        await FailAsync(addresses[0]);
        await NewsAsync(events).WaitAsync(Soon, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Test_mail_that_one_node_sends_is_shown_by_the_other()
    {
        var reply = new TaskCompletionSource();
        _script.On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued as 4711", After: reply.Task));
        var addresses = await StartTwoAsync();
        using var ann = new WebVisitor(addresses[0], "Tests/1.0");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        using var elsewhere = new WebVisitor(addresses[1], "Tests/1.0");
        elsewhere.TakeCookies(addresses[0], ann);

        await ann.SubmitAsync("/admin/mail", new { }, "/admin/mail?handler=Test");
        var running = await Eventually.GetAsync(
            () => elsewhere.GetAsync("/admin/mail"), page => page.Main.Contains("Greeting: done", StringComparison.Ordinal));
        Assert.Contains("In progress", running.Main, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => _mails.Messages.Count == 1);
        // The other node begins no second one meanwhile
        await elsewhere.SubmitAsync(running, new { }, "/admin/mail?handler=Test");
        reply.SetResult();

        var done = await Eventually.GetAsync(
            () => elsewhere.GetAsync("/admin/mail"), page => !page.Main.Contains("In progress", StringComparison.Ordinal));
        Assert.Contains("Mail: done 250 2.0.0 queued as 4711", done.Main, StringComparison.Ordinal);
        Assert.Contains(" Accepted.", done.Main, StringComparison.Ordinal);
        Assert.Single(_mails.Messages);
    }

    [Fact]
    public async Task Without_a_mail_server_the_start_is_refused()
    {
        var run = await CommandRun.OfAsync(Path.Combine(_directory, "a"), null, _database, "run");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Smtp:Host is not set. Allowed: the mail server", run.Errors, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _mails.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<Uri[]> StartTwoAsync()
    {
        foreach (var name in new[] { "a", "b" })
        {
            _nodes.Add(SentinelCamProcess.Start(
                Path.Combine(_directory, name), [.. _database, .. _mails.Settings, ("Node:Name", name)]));
        }

        return await Task.WhenAll(_nodes.Select(node => node.Address));
    }

    private static async Task FailAsync(Uri address)
    {
        using var visitor = new WebVisitor(address, "Guesser/1.0");
        var answer = await visitor.SignInAsync(SentinelCamApp.AnnsEmail, "not the password at all");
        Assert.Equal((HttpStatusCode.OK, "/login"), (answer.Status, answer.Path));
    }

    private static async Task NewsAsync(EventStream events)
    {
        string? name;
        do
            name = await events.NextAsync();
        while (name != "news");
    }

    private static string? PictureOf(WebAnswer page) =>
        page.Document.QuerySelector("main img[src^='/snapshots/']")?.GetAttribute("src");

    [GeneratedRegex("set-up code \"?([A-Z2-9-]{14})")]
    private static partial Regex SetupCode();
}
