using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.LoginAttempts;
using SentinelCam.Pages;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>A forgotten password: the request, the link, the new password.</summary>
[Trait("Database", "Both")]
public class PasswordResetTests
{
    private const string Subject = "Set a new password";
    private const string New = "another horse, another battery";
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Link_sets_a_new_password_once_ends_all_sessions_and_tells_the_owner()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var elsewhere = await app.VisitAsAsync(Household.Bobs);
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await app.FailToSignInAsync(Household.Bobs, isCaptured: false);
        using var bob = app.Visit();

        var asked = await bob.SubmitAsync("/forgot_password", new { Email = " BOB@example.org " });
        Assert.Contains("an email with a link is on its way", asked.Main, StringComparison.Ordinal);
        var mail = Assert.Single(await server.WaitForAsync(Household.Bobs, Subject));
        Assert.Contains("The request came from this machine (127.0.0.1).", mail.PlainOnOneLine(), StringComparison.Ordinal);
        var link = MailedLink.LinkOf(mail);
        Assert.StartsWith($"{app.Address}reset_password?token=", link, StringComparison.Ordinal);
        var path = new Uri(link).PathAndQuery;

        // Opening the link changes nothing: mail programs do that on their own
        for (var i = 0; i < 2; i++)
            Assert.Contains(Household.Bobs, (await app.Visit().GetAsync(path)).Main, StringComparison.Ordinal);
        using var late = app.Visit();
        var lateForm = await late.GetAsync(path);
        var form = await bob.GetAsync(path);
        Assert.Equal("no-referrer", form.Headers["Referrer-Policy"]);
        Assert.Contains("no-store", form.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Contains("Enter a password of 12",
            (await bob.SubmitAsync(form, new { New = "too short" }, "/reset_password")).Main, StringComparison.Ordinal);
        var done = await bob.SubmitAsync(form, new { New }, "/reset_password");
        Assert.Equal("/login", done.Path);
        Assert.Contains("Your password was changed", done.Main, StringComparison.Ordinal);

        // The account was locked, too
        Assert.Equal("/login", (await bob.SignInAsync(Household.Bobs, SentinelCamApp.Password)).Path);
        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, New)).Path);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("/login", (await elsewhere.GetAsync("/dashboard")).Path);
        Assert.Contains("A new password was set with a link",
            Assert.Single(await server.WaitForAsync(Household.Bobs, "were changed")).PlainOnOneLine(), StringComparison.Ordinal);

        foreach (var answer in new[]
                 {
                     await app.Visit().GetAsync(path), await late.SubmitAsync(lateForm, new { New }, "/reset_password"),
                 })
        {
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Equal("no-referrer", answer.Headers["Referrer-Policy"]);
        }

        Assert.Contains("This link has been used", (await bob.GetAsync(path)).Main, StringComparison.Ordinal);
        var row = await app.ReadAsync(db => db.AccountLinks.AsNoTracking().SingleAsync(l => l.AccountId != null));
        Assert.Equal(("", true), (row.Key, row.UsedAt is not null));
        var token = path[(path.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Assert.DoesNotContain(token, app.Log(), StringComparison.Ordinal);
        Assert.All(app.Kept(), file => Assert.Equal(-1, file.Bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(token))));
    }

    [Fact]
    public async Task Link_expires_after_half_an_hour_and_dies_with_every_change_of_the_password()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        var id = await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        var first = await AskAsync(app, server, 1);
        _clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync(first)).Status);
        var second = await AskAsync(app, server, 2);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Contains("has expired", (await bob.GetAsync(first)).Main, StringComparison.Ordinal);
        var form = await bob.GetAsync(second);
        Assert.Equal(HttpStatusCode.OK, form.Status);
        await bob.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New });
        var late = await bob.SubmitAsync(form, new { New = New + "!" }, "/reset_password");
        Assert.Equal(HttpStatusCode.NotFound, late.Status);
        Assert.Contains("the account was changed after the link was sent", late.Main, StringComparison.Ordinal);

        foreach (var forged in new[]
                 {
                     "", "?token=", "?token=1", second["/reset_password".Length..^4] + "abcd", "?token=" + new string('x', 5_000),
                 })
        {
            var answer = await bob.GetAsync("/reset_password" + forged);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains("not complete, or it is not from here", answer.Main, StringComparison.Ordinal);
        }

        // A suspended owner cannot use a link either
        var third = await AskAsync(app, server, 3, wait: TimeSpan.FromMinutes(16));
        await app.ReadAsync(db => db.Users.Where(a => a.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null)));
        Assert.Equal(HttpStatusCode.NotFound, (await app.Visit().GetAsync(third)).Status);
    }

    [Fact]
    public async Task Of_many_who_use_a_link_at_once_one_sets_the_password()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        await app.AddAccountAsync("Bob", Household.Bobs);
        var path = await AskAsync(app, server, 1);
        var visitors = Enumerable.Range(0, 8).Select(_ => app.Visit()).ToList();
        var forms = await Task.WhenAll(visitors.Select(visitor => visitor.GetAsync(path)));

        var answers = await Task.WhenAll(visitors.Select(
            (visitor, i) => visitor.SubmitAsync(forms[i], new { New = $"{New} number {i}" }, "/reset_password")));

        var winner = Assert.Single(answers.Index(), answer => answer.Item.Path == "/login").Index;
        Assert.All(answers.Where((_, i) => i != winner), answer => Assert.Equal(HttpStatusCode.NotFound, answer.Status));
        using var bob = app.Visit();
        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, $"{New} number {winner}")).Path);
        visitors.ForEach(visitor => visitor.Dispose());
    }

    [Fact]
    public async Task Every_address_gets_the_same_answer_and_only_an_approved_account_a_mail()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        await app.AddAccountAsync("Known", "known@example.org");
        await app.AddAccountAsync("Waits", "waits@example.org", approved: false);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/forgot_password");

        var answers = new List<WebAnswer>();
        foreach (var email in new[] { "known@example.org", "waits@example.org", "nobdy@example.org" })
            answers.Add(await visitor.SubmitAsync(form, new { Email = email }));

        Assert.All(answers, answer => Assert.Equal(
            (answers[0].Status, answers[0].Neutral, string.Join(' ', answers[0].Headers.Keys.Order())),
            (answer.Status, answer.Neutral, string.Join(' ', answer.Headers.Keys.Order()))));
        Assert.DoesNotContain("known@", answers[0].Text, StringComparison.Ordinal);
        await app.WaitForAsync(db => db.AccountLinks.CountAsync(), links => links == 3);
        Assert.Single(await server.WaitForAsync("known@example.org", Subject));
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        Assert.Contains("Enter the email address of your account",
            (await visitor.SubmitAsync(form, new { Email = "not an address" })).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_a_request_states_is_in_no_link()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/forgot_password");
        var evil = new[] { ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example") };

        await visitor.SubmitAsync(form, new { Email = Household.Bobs }, null, evil);
        await ann.SubmitAsync("/settings", new { Recipient = "carla@example.net" }, "/settings?handler=Recipient", evil);

        foreach (var mail in new[]
                 {
                     Assert.Single(await server.WaitForAsync(Household.Bobs, Subject)),
                     Assert.Single(await server.WaitForAsync("carla@example.net", "Do you want")),
                 })
            Assert.StartsWith(app.Address.ToString(), MailedLink.LinkOf(mail), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mails_to_one_account_are_limited_and_always_leave_the_owner_a_link_that_works()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        await app.AddAccountAsync("Bob", Household.Bobs);
        string? last = null;
        for (var minute = 0; minute < 60; minute += 5)
        {
            await SendAsync(app, Household.Bobs);
            last = await LastLinkAsync(app, server);
            Assert.Equal(HttpStatusCode.OK, (await app.Visit().GetAsync(last)).Status);
            _clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(4, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        for (var hour = 0; hour < 12; hour++)
        {
            _clock.Sleep(TimeSpan.FromHours(1));
            await SendAsync(app, Household.Bobs);
        }

        Assert.Equal(PasswordReset.MaxPerDay, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        _clock.Sleep(TimeSpan.FromHours(24));
        await SendAsync(app, Household.Bobs);
        Assert.Equal(PasswordReset.MaxPerDay + 1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Requests_of_one_network_are_limited_after_the_form_token_was_checked()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/forgot_password");
        for (var i = 0; i < 2 * FormLimits.ForgottenPerNetwork; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await visitor.PostAsync("/forgot_password", [])).Status);
        for (var i = 0; i < FormLimits.ForgottenPerNetwork; i++)
            Assert.Equal(HttpStatusCode.OK, (await visitor.SubmitAsync(form, new { Email = $"nobody{i}@example.org" })).Status);

        var refused = await visitor.SubmitAsync(form, new { Email = "nobody@example.org" });

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.True(refused.Headers.ContainsKey("Retry-After"));
        Assert.Contains("Too many requests", refused.Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_mail_server_the_page_says_what_to_do_instead()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var visitor = app.Visit();
        Assert.Equal("/forgot_password",
            (await visitor.GetAsync("/login")).Document.QuerySelector("main a[href='/forgot_password']")!.GetAttribute("href"));

        var page = await visitor.GetAsync("/forgot_password");
        await visitor.PostAsync("/forgot_password", [new("__RequestVerificationToken", (await visitor.GetAsync("/login")).Token),
            new("Email", Household.Bobs)]);

        Assert.Contains("SentinelCam account reset-password", page.Main, StringComparison.Ordinal);
        Assert.Null(page.Document.QuerySelector("main form"));
        Assert.Equal(0, await app.ReadAsync(db => db.AccountLinks.CountAsync()));
    }

    [Fact]
    public async Task Expired_rows_are_removed()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        await app.AddAccountAsync("Bob", Household.Bobs);
        var path = await AskAsync(app, server, 1);
        await SendAsync(app, "nobody@example.org");
        await RemoveAsync(TimeSpan.FromMinutes(31));
        Assert.Equal(1, await app.ReadAsync(db => db.AccountLinks.CountAsync()));
        await RemoveAsync(TimeSpan.FromDays(7));
        Assert.Equal(0, await app.ReadAsync(db => db.AccountLinks.CountAsync()));
        Assert.Contains("has expired", (await app.Visit().GetAsync(path)).Main, StringComparison.Ordinal);

        async Task RemoveAsync(TimeSpan after)
        {
            _clock.Sleep(after);
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<SentinelCam.Alerts.AccountLinks>()
                .RemoveExpiredAsync(TestContext.Current.CancellationToken);
        }
    }

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server) =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, server.Settings);

    /// <summary>Asks for Bob's link on the page.</summary>
    /// <returns>The path of the link in the newest mail.</returns>
    private async Task<string> AskAsync(SentinelCamApp app, ScriptedSmtpServer server, int mails, TimeSpan wait = default)
    {
        _clock.Advance(wait);
        using var visitor = app.Visit();
        await visitor.SubmitAsync("/forgot_password", new { Email = Household.Bobs });
        var sent = await server.WaitForAsync(Household.Bobs, Subject, mails);
        return new Uri(MailedLink.LinkOf(sent[^1])).PathAndQuery;
    }

    /// <summary>What the page does after its answer.</summary>
    private static async Task SendAsync(SentinelCamApp app, string email)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<PasswordReset>().SendLinkAsync(email, "http://127.0.0.1",
            new Visitor("203.0.113.5", "Tests/1.0", IsThisMachine: false));
    }

    private static async Task<string> LastLinkAsync(SentinelCamApp app, ScriptedSmtpServer server)
    {
        var count = await app.ReadAsync(db => db.Deliveries.CountAsync());
        return new Uri(MailedLink.LinkOf((await server.WaitForAsync(Household.Bobs, Subject, count))[^1])).PathAndQuery;
    }
}
