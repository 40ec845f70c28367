using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>The rows of sessions: what opens them, and what ends them for every copy of their cookie.</summary>
public class SessionEndTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    public static TheoryData<string> Protected =>
    [
        "/dashboard", "/dashboard/events", "/userdata", "/userdata?handler=Export", "/capture", "/settings", "/settings/security",
        "/settings/sessions", "/settings/activity", "/settings/data", "/snapshots/1", "/delete_log", "/send_again/1",
        "/admin/accounts", "/admin/activity", "/admin/activity?handler=Export&format=Csv", "/admin/camera",
        "/admin/camera?handler=Frame", "/admin/device", "/admin/mail", "/hangfire", "/hangfire/jobs/succeeded",
    ];

    [Theory]
    [MemberData(nameof(Protected))]
    public async Task Copied_cookie_is_worth_nothing_after_the_sign_out(string path)
    {
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        using var thief = Copy(ann);
        Assert.Equal("/dashboard", (await thief.GetAsync("/dashboard")).Path);

        await ann.SignOutAsync();

        var answer = await thief.GetAsync(path);
        Assert.True(answer.Path == "/login" || answer.Status == HttpStatusCode.Unauthorized, $"{answer.Path}: {answer.Status}");
        // Nor does time bring it back
        household.Clock.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal("/login", (await thief.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Open_stream_of_a_copied_cookie_ends_with_the_session()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        using var thief = Copy(bob);
        await using var events = await EventStream.OpenAsync(thief, "/dashboard/events");
        Assert.Equal("open", await events.NextAsync());

        await bob.SignOutAsync();

        await events.UntilEndAsync();
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended_one_by_one_or_all_at_once()
    {
        await _app.AddAccountAsync("Sam", "sam@example.org");
        using var here = await SignInWithAsync("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36");
        using var phone = await SignInWithAsync("Phone/1.0");
        using var other = await SignInWithAsync("Other/1.0");
        using var third = await SignInWithAsync("Third/1.0");

        var page = await here.GetAsync("/settings/sessions");
        Assert.Equal(4, page.Document.QuerySelectorAll(".sessions li").Length);
        Assert.Contains("Chrome 156 on Linux (this browser)", page.Main, StringComparison.Ordinal);
        Assert.Contains("Phone/1.0 from 127.0.0.1", page.Main, StringComparison.Ordinal);

        var end = page.Document.Forms.Single(
            form => form.QuerySelector("button[aria-label^='Sign out Phone/1.0']") is not null);
        var ended = await here.SubmitAsync(page, new { }, end.GetAttribute("action"));
        Assert.Contains("The browser was signed out", ended.Main, StringComparison.Ordinal);
        Assert.Equal(3, ended.Document.QuerySelectorAll(".sessions li").Length);
        Assert.Equal("/login", (await phone.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await other.GetAsync("/dashboard")).Path);

        var all = await here.SubmitAsync("/settings/sessions", new { }, "/settings/sessions?handler=EndSessions");
        Assert.Contains("All other browsers were signed out", all.Main, StringComparison.Ordinal);
        foreach (var gone in new[] { other, third })
            Assert.Equal("/login", (await gone.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await here.GetAsync("/dashboard")).Path);

        async Task<WebVisitor> SignInWithAsync(string userAgent)
        {
            var visitor = _app.Visit(userAgent);
            Assert.Equal("/dashboard", (await visitor.SignInAsync("sam@example.org", SentinelCamApp.Password)).Path);
            return visitor;
        }
    }

    [Fact]
    public async Task Nobody_ends_the_sessions_of_others()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        var id = await _app.ReadAsync(db => db.Sessions.OrderByDescending(s => s.Id).Select(s => s.Id).FirstAsync());
        using var eve = await _app.VisitAsAsync(Household.Eves);

        var answer = await eve.PostAsync($"/settings/sessions?handler=End&id={id}",
            [new("__RequestVerificationToken", (await eve.GetAsync("/settings/sessions")).Token)]);

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("/dashboard", (await bob.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Signing_in_again_replaces_the_session()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        using var before = Copy(bob);

        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, SentinelCamApp.Password)).Path);

        Assert.Equal("/login", (await before.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Change_by_another_process_ends_a_session_within_a_second()
    {
        var id = await _app.AddAccountAsync("Olga", "olga@example.org");
        using var olga = await _app.VisitAsAsync("olga@example.org");
        Assert.Equal("/dashboard", (await olga.GetAsync("/dashboard")).Path);

        await using (var other = StoredDatabase.Open(_app.DataDirectory))
        {
            await other.Users.Where(a => a.Id == id).ExecuteUpdateAsync(
                set => set.SetProperty(a => a.SecurityStamp, "another"), TestContext.Current.CancellationToken);
        }

        household.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("/login", (await olga.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task New_administrator_and_former_one_are_known_at_once()
    {
        var id = await _app.AddAccountAsync("Nora", "nora@example.org");
        using var nora = await _app.VisitAsAsync("nora@example.org");
        Assert.Equal(HttpStatusCode.Forbidden, (await nora.GetAsync("/admin/accounts")).Status);

        var role = await _app.ReadAsync(db => db.Roles.Select(r => r.Id).SingleAsync());
        await _app.ReadAsync(db =>
        {
            db.UserRoles.Add(new() { UserId = id, RoleId = role });
            return db.SaveChangesAsync();
        });
        Assert.Equal(HttpStatusCode.OK, (await nora.GetAsync("/admin/accounts")).Status);

        await _app.ReadAsync(db => db.UserRoles.Where(held => held.UserId == id).ExecuteDeleteAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await nora.GetAsync("/admin/accounts")).Status);
    }

    [Fact]
    public async Task An_account_has_fifty_sessions_at_most()
    {
        var id = await _app.AddAccountAsync("Max", "max@example.org");
        using var first = await _app.VisitAsAsync("max@example.org");
        for (var i = 0; i < AccountSessions.MaxPerAccount; i++)
            (await _app.VisitAsAsync("max@example.org")).Dispose();

        Assert.Equal(AccountSessions.MaxPerAccount,
            await _app.ReadAsync(db => db.Sessions.CountAsync(s => s.AccountId == id && s.EndedAt == null)));
        Assert.Equal("/login", (await first.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Key_of_the_cookie_is_stored_nowhere()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        var hash = await _app.ReadAsync(db => db.Sessions.OrderByDescending(s => s.Id).Select(s => s.KeyHash).FirstAsync());

        Assert.Equal(64, hash.Length);
        Assert.DoesNotContain(hash, bob.CookiesFor(_app.Address), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Sessions_that_ended_long_ago_are_removed()
    {
        var id = await _app.AddAccountAsync("Ida", "ida@example.org");
        await _app.ReadAsync(async db =>
        {
            var now = household.Clock.GetUtcNow();
            foreach (var (key, age, ended) in new[]
                     {
                         ("old", 31, true), ("new", 29, true), ("unused", 60, false), ("open", 0, false),
                     })
            {
                db.Sessions.Add(new Session
                {
                    KeyHash = key,
                    AccountId = id,
                    SecurityStamp = "",
                    UserAgent = "",
                    RemoteAddress = "",
                    OpenedAt = now.AddDays(-age),
                    LastSeenAt = now.AddDays(-age),
                    ProvedAt = now.AddDays(-age),
                    EndedAt = ended ? now.AddDays(-age) : null,
                });
            }

            return await db.SaveChangesAsync();
        });

        await using (var scope = _app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<SessionRetention>()
                .RemoveOldAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(["new", "open"],
            await _app.ReadAsync(db => db.Sessions.Where(s => s.AccountId == id).Select(s => s.KeyHash).Order().ToListAsync()));
    }

    /// <summary>Another browser with the same cookies.</summary>
    private WebVisitor Copy(WebVisitor visitor)
    {
        var copy = _app.Visit("Thief/1.0");
        copy.TakeCookies(_app.Address, visitor);
        return copy;
    }
}
