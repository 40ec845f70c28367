using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary><c>/admin/mail</c>: the configuration, the test mail and the queue.</summary>
public class AdminMailTests
{
    [Fact]
    public async Task Page_shows_the_configuration_without_secrets()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords,
            ("Smtp:Host", "smtp.gmail.com"), ("Smtp:UserName", "cam@example.org"), ("Smtp:OAuth:ClientId", "my-client"),
            ("Smtp:OAuth:ClientSecret", "hush-hush"), ("Smtp:OAuth:RefreshToken", "quiet-quiet"));
        using var ann = await app.RegisterAnnAsync();

        var page = await ann.GetAsync("/admin/mail");

        var rows = page.Document.QuerySelectorAll("table tr")
            .Select(row => string.Join(' ', row.Children.Select(cell => cell.TextContent.Trim()))).ToList();
        foreach (var words in new[]
                 {
                     "Mail server smtp.gmail.com", "Port 587", "Encryption Auto", "User name cam@example.org",
                     "Password not set", "OAuth client secret set, not shown",
                     "OAuth token endpoint https://oauth2.googleapis.com/token", "Quiet period 5 minutes",
                 })
            Assert.Contains(words, rows);
        Assert.DoesNotContain("hush", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("quiet-quiet", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_mail_shows_each_step_and_arrives()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        var main = await TestAsync(app, ann);

        foreach (var step in new[]
                 {
                     "Name lookup: done 127.0.0.1 resolves to 127.0.0.1.",
                     $"Connection: done Connected to 127.0.0.1 on port {server.Port}.",
                     "Greeting: done", "TLS: done None", "Sign-in (AUTH): done Signed in as cam@example.org.",
                     "Mail: done 250 2.0.0 queued as 4711", "Accepted.",
                 })
            Assert.Contains(step, main, StringComparison.Ordinal);
        var mail = Assert.Single(server.Mails);
        Assert.Equal("Test mail from SentinelCam on front door", mail.Subject);
        Assert.Equal(SentinelCamApp.AnnsEmail, Assert.Single(mail.To.Mailboxes).Address);
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, "421 4.3.2 closed", "Greeting: failed", "421 4.3.2 closed")]
    [InlineData(SmtpStage.Auth, "535 5.7.8 not accepted", "Sign-in (AUTH): failed 535 5.7.8 not accepted",
        "Check Smtp:UserName and Smtp:Password")]
    [InlineData(
        SmtpStage.MailFrom, "550 5.7.1 sender <b>refused</b>", "Mail: failed 550 5.7.1 sender <b>refused</b>", "Not accepted")]
    public async Task Failed_test_names_the_step_the_reply_and_the_remedy(
        SmtpStage stage, string reply, string step, string words)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        var main = await TestAsync(app, ann);

        Assert.Contains(step, main, StringComparison.Ordinal);
        Assert.Contains(words, main, StringComparison.Ordinal);
        Assert.DoesNotContain("Accepted.", main, StringComparison.Ordinal);
        Assert.DoesNotContain("open sesame", (await ann.GetAsync("/admin/mail")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_security_for_the_port_fails_the_TLS_step_and_names_the_remedy()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, ("Smtp:Security", "StartTls"));
        using var ann = await app.RegisterAnnAsync();

        var main = await TestAsync(app, ann);

        Assert.Contains("Connection: done", main, StringComparison.Ordinal);
        Assert.Contains("TLS: failed The server does not offer STARTTLS.", main, StringComparison.Ordinal);
        Assert.Contains("465", main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_server_the_test_mail_goes_to_the_outbox()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();

        Assert.Contains("Outbox: done Written to the outbox as", await TestAsync(app, ann), StringComparison.Ordinal);
        Assert.Contains("Test mail from SentinelCam", (await ann.GetAsync("/admin/mail"))
            .Document.QuerySelector("section[aria-labelledby=outbox]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_htmx_the_test_is_a_fragment_that_polls_until_it_ends()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.Greeting, SmtpAction.Silence));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        var token = (await ann.GetAsync("/admin/mail")).Token;

        var started = await ann.PostAsync(
            "/admin/mail?handler=Test", [new("__RequestVerificationToken", token)], ("HX-Request", "true"));
        var second = await ann.PostAsync(
            "/admin/mail?handler=Test", [new("__RequestVerificationToken", token)], ("HX-Request", "true"));

        foreach (var answer in new[] { started, second, await ann.GetAsync("/admin/mail?handler=Test", ("HX-Request", "true")) })
        {
            Assert.DoesNotContain("<html", answer.Text, StringComparison.Ordinal);
            Assert.Contains("hx-get=\"/admin/mail?handler=Test\"", answer.Text, StringComparison.Ordinal);
        }

        // Only one runs at a time
        await Eventually.TrueAsync(() => server.Connections > 0, app.Log);
        Assert.Equal(1, server.Connections);
        Assert.NotNull((await ann.GetAsync("/admin/mail")).Document.QuerySelector("noscript"));
    }

    [Fact]
    public async Task Queue_lists_waiting_mails_with_their_reason()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 not now"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Waiting && d.Tries > 0), waiting => waiting == 1);

        var queue = (await ann.GetAsync("/admin/mail")).Document.QuerySelector("section[aria-labelledby=queue]")!.TextContent;

        Assert.Contains("1 email is waiting.", queue, StringComparison.Ordinal);
        Assert.Contains("because: 421 4.3.2 not now", queue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_that_cannot_be_stored_leaves_the_outcome_of_the_test_as_it_was()
    {
        await using var server = ScriptedSmtpServer.Start();
        var values = new FailingOnce();
        await using var app = await SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<ISharedValues>(values);
        }, server.Settings);
        using var ann = await app.RegisterAnnAsync();

        var main = await TestAsync(app, ann);

        Assert.True(values.HasFailed);
        Assert.Single(server.Mails);
        foreach (var words in new[] { " Accepted.", "Name lookup: done", "Connection: done" })
            Assert.Contains(words, main, StringComparison.Ordinal);
        Assert.Contains("The progress of the test mail could not be stored", app.Log(), StringComparison.Ordinal);
    }

    /// <summary>The first step of the test cannot be stored.</summary>
    private sealed class FailingOnce : ISharedValues
    {
        private readonly ValuesInMemory _values = new();

        public bool HasFailed { get; private set; }

        public Task<string?> FindAsync(string name) => _values.FindAsync(name);

        public Task<string?> ChangeAsync(string name, Func<string?, string?> change) => _values.ChangeAsync(name, before =>
        {
            var after = change(before);
            if (HasFailed || after?.Contains("Name lookup", StringComparison.Ordinal) is not true)
                return after;
            HasFailed = true;
            throw new SqliteException("SQLite Error 13: 'full'", 13);
        });
    }

    private static async Task<string> TestAsync(SentinelCamApp app, WebVisitor ann)
    {
        await ann.SubmitAsync("/admin/mail", new { }, "/admin/mail?handler=Test");
        return await Eventually.GetAsync(
            async () => (await ann.GetAsync("/admin/mail")).Main,
            main => main.Contains(" Accepted.", StringComparison.Ordinal)
                || main.Contains("Not accepted:", StringComparison.Ordinal),
            app.Log);
    }

    private static Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server, params (string, string?)[] settings) =>
        SentinelCamApp.StartAsync(null, Household.CheapPasswords,
            [.. server.Settings, ("Smtp:UserName", "cam@example.org"), ("Smtp:Password", "open sesame"), .. settings]);
}
