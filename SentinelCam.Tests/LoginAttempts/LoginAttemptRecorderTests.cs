using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>What a failed sign-in stores, and what it never stores.</summary>
[Trait("Database", "Both")]
public partial class LoginAttemptRecorderTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Every_outcome_is_stored_before_the_answer_arrives()
    {
        var id = await _app.AddAccountAsync("Kate", "kate@example.org");
        const string Agent = "Mozilla/5.0 (X11; Linux x86_64) Role/1.0";
        using var visitor = _app.Visit(Agent);

        await visitor.SignInAsync("KATE@example.org", "wrong-Pq8-one");
        await AssertLastAsync("kate@example.org", id, LoginOutcome.WrongPassword, Agent);
        for (var i = 0; i < 4; i++)
            await visitor.SignInAsync("kate@example.org", "wrong-Pq8-more");
        await visitor.SignInAsync("kate@example.org", SentinelCamApp.Password);
        await AssertLastAsync("kate@example.org", id, LoginOutcome.LockedOut, Agent);

        await visitor.SignInAsync("stranger@example.org", "wrong-Pq8-two");
        await AssertLastAsync("stranger@example.org", null, LoginOutcome.UnknownAccount, Agent);
        await visitor.SignInAsync(Household.Carols, SentinelCamApp.Password);
        await AssertLastAsync(Household.Carols, null, LoginOutcome.NotApproved, Agent);
    }

    [Fact]
    public async Task Passwords_never_reach_the_disk_even_when_typed_into_the_wrong_field()
    {
        await _app.AddAccountAsync("Leo", "leo@example.org", password: "right-Zx7-password");
        using var visitor = _app.Visit();
        await visitor.SignInAsync("leo@example.org", "wrong-Zx7-password");
        await visitor.SignInAsync("nobody-leo@example.org", "other-Zx7-password");
        await visitor.SignInAsync("right-Zx7-password", "right-Zx7-password");
        await visitor.SignInAsync("right-Zx7@password", "wrong-Zx7-password");
        Assert.Equal("/dashboard", (await visitor.SignInAsync("leo@example.org", "right-Zx7-password")).Path);

        var typed = await _app.ReadAsync(
            db => db.LoginAttempts.OrderByDescending(a => a.Id).Take(2).Select(a => a.AccountTyped).ToListAsync());
        Assert.All(typed, text => Assert.Equal(TypedAccount.Mask, text));
        await _app.WaitForCapturesAsync();
        await _app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), open => open == 0);
        foreach (var (path, bytes) in _app.Kept())
            Assert.True(bytes.AsSpan().IndexOf("Zx7"u8) < 0, $"{path} holds a password.");
        foreach (var mail in Directory.EnumerateFiles(Path.Combine(_app.DataDirectory, "outbox"), "*.eml"))
            Assert.DoesNotContain("Zx7", (await MimeMessage.LoadAsync(mail, TestContext.Current.CancellationToken)).HtmlBody,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Forger/1.0\u001b[2J\u001b[31m", "Forger/1.0[2J[31m")]
    [InlineData("Forger/2.0\u2028Attempt 99: WrongPassword", "Forger/2.0 Attempt 99: WrongPassword")]
    [InlineData("Forger/3.0\u0085Attempt 98: WrongPassword", "Forger/3.0 Attempt 98: WrongPassword")]
    [InlineData("Forger/4.0 \u202Egnp.exe\u202C\u200B", "Forger/4.0 gnp.exe")]
    [InlineData("Forger/5.0\tand\ttabs", "Forger/5.0 and tabs")]
    public async Task User_agents_control_characters_reach_neither_database_nor_log(string userAgent, string kept)
    {
        var (cookies, form) = await RawHttp.LoginFormAsync(_app, "forger@example.org");
        var linesBefore = _app.Log().Split('\n').Length;

        Assert.Contains(
            " 200 OK", await RawHttp.SendAsync(_app.Address, RawHttp.Post(_app.Address, "/login", cookies, form, userAgent)),
            StringComparison.Ordinal);

        Assert.True(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.UserAgent == kept)));
        var log = _app.Log();
        Assert.DoesNotContain('\u001b', log);
        Assert.DoesNotContain('\u202E', log);
        Assert.All(log.Split('\n').Skip(linesBefore - 1).Where(line => line.Length > 0), line => Assert.Matches(LogLine(), line));
    }

    [Fact]
    public async Task Line_break_in_the_account_name_forges_no_log_line()
    {
        using var visitor = _app.Visit();
        await visitor.SignInAsync("x@example.org\n2030-01-01T12:00:00.000+00:00 INF Attempt 97: accepted", "a wrong password");
        await visitor.SignInAsync("Attempt97\r\naccepted@example.org", "a wrong password");

        Assert.DoesNotContain("Attempt 97", _app.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain("Attempt97", _app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_user_agent_is_truncated()
    {
        using var visitor = _app.Visit("Long/1.0 " + new string('x', 8_000));
        await visitor.SignInAsync("long@example.org", "a wrong password");

        var kept = await _app.ReadAsync(
            db => db.LoginAttempts.Where(a => a.AccountTyped == "long@example.org").Select(a => a.UserAgent).SingleAsync());
        Assert.StartsWith("Long/1.0 xxx", kept, StringComparison.Ordinal);
        Assert.EndsWith("x…", kept, StringComparison.Ordinal);
        Assert.Equal(Visitor.MaxUserAgentBytes, Encoding.UTF8.GetByteCount(kept));
    }

    [Fact]
    public async Task User_agent_of_a_megabyte_is_refused_and_the_app_keeps_running()
    {
        var (cookies, form) = await RawHttp.LoginFormAsync(_app, "huge@example.org");

        var answer = await RawHttp.SendAsync(
            _app.Address, RawHttp.Post(_app.Address, "/login", cookies, form, new string('x', 1 << 20)));

        // The server may reset the connection while the request is still being sent; then there is nothing to read
        if (answer.Length > 0)
            Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
        Assert.False(await _app.ReadAsync(db => db.LoginAttempts.AnyAsync(a => a.AccountTyped == "huge@example.org")));
        Assert.Equal(HttpStatusCode.OK, (await household.Nobody.GetAsync("/login")).Status);
    }

    [Theory]
    [InlineData(5_000, HttpStatusCode.OK)]
    [InlineData(200_000, HttpStatusCode.OK)]
    [InlineData(300_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Oversized_form_gets_a_clean_answer(int length, HttpStatusCode status)
    {
        using var visitor = _app.Visit();
        var form = await visitor.GetAsync("/login");

        var answer = await visitor.SubmitAsync(form, new { Email = new string('e', length), Password = "a wrong password" });

        Assert.Equal(status, answer.Status);
        Assert.True(answer.Body.Length < 10_000);
        if (status == HttpStatusCode.OK)
            Assert.Equal(
                TypedAccount.Mask,
                await _app.ReadAsync(
                    db => db.LoginAttempts.OrderByDescending(a => a.Id).Select(a => a.AccountTyped).FirstAsync()));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "Email=a%00b&Password=x")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7", "Email=a&Password=x")]
    [InlineData("multipart/form-data", "no boundary")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"Email\"\r\n\r\ncut off")]
    public async Task Unreadable_form_is_a_bad_request_and_logs_no_error(string contentType, string body)
    {
        var answer = await RawHttp.SendAsync(_app.Address,
            $"POST /login HTTP/1.1\r\nHost: {_app.Address.Authority}\r\nConnection: close\r\nContent-Type: {contentType}\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("The request could not be understood", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(" ERR ", _app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forged_cookie_writes_nothing_to_the_log()
    {
        var before = _app.Log();

        var name = _app.SessionCookie;
        foreach (var cookie in new[] { $"{name}.Form=junk", $"{name}.Form=CfDJ8AAAA", $"{name}=junk", $"{name}.Notice=junk" })
        {
            using var visitor = _app.Visit();
            Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync("/login", ("Cookie", cookie))).Status);
        }

        Assert.DoesNotContain(" ERR ", _app.Log()[before.Length..], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _app.Log()[before.Length..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_has_the_arrival_time_of_its_form_however_long_hashing_waits()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton(clock).Replace(ServiceDescriptor.Scoped<IPasswordHasher<Account>, SlowHasher>());
        });
        using var ann = await app.RegisterAnnAsync();
        using var visitor = app.Visit();

        var atTheDoor = clock.GetUtcNow();
        await visitor.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
        var inside = clock.GetUtcNow();
        await ann.SubmitAsync("/settings/security", new { Current = "a wrong password", New = "another horse, another battery" });

        Assert.Equal(atTheDoor + SlowHasher.Wait, inside);
        Assert.Equal(
            [atTheDoor, inside], await app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.At).ToListAsync()));
        Assert.Equal(
            [atTheDoor, inside], await app.ReadAsync(db => db.ImageLog.OrderBy(e => e.Id).Select(e => e.At).ToListAsync()));
        // A burst begins and ends by the time of counting
        Assert.Equal(inside, await app.ReadAsync(db => db.Alerts.Select(a => a.OpenedAt).SingleAsync()));
    }

    [Fact]
    public async Task Unapproved_account_alerts_administrators_and_not_its_own_address()
    {
        await _app.AddAccountAsync("Nina", "nina@example.org", approved: false);
        var entryId = await _app.FailToSignInAsync("nina@example.org", "203.0.113.77");
        Assert.Equal(
            LoginOutcome.WrongPassword,
            await _app.ReadAsync(
                db => db.ImageLog.Where(e => e.Id == entryId).Select(e => e.LoginAttempt!.Outcome).SingleAsync()));

        using var visitor = _app.Visit();
        await visitor.SignInAsync("nina@example.org", SentinelCamApp.Password);

        await _app.WaitForCapturesAsync();
        var recipients = await _app.WaitForAsync(
            db => db.Deliveries.Where(
                d => db.LoginAttempts.Any(a => a.AlertId == d.AlertId && a.AccountTyped == "nina@example.org"))
                .Select(d => d.Recipient).Distinct().ToListAsync(),
            found => found.Count > 0);
        Assert.Equal([SentinelCamApp.AnnsEmail], recipients);
    }

    private async Task AssertLastAsync(string account, long? ownerId, LoginOutcome outcome, string userAgent)
    {
        var attempt = await _app.ReadAsync(db => db.LoginAttempts.AsNoTracking().OrderByDescending(a => a.Id).FirstAsync());
        Assert.Equal(account, attempt.AccountTyped);
        Assert.Equal(ownerId, attempt.OwnerId);
        Assert.Equal(outcome, attempt.Outcome);
        Assert.Equal(household.Clock.GetUtcNow(), attempt.At);
        Assert.Equal(TimeSpan.Zero, attempt.At.Offset);
        Assert.Equal("127.0.0.1", attempt.RemoteAddress);
        Assert.Equal(userAgent, attempt.UserAgent);
    }

    private sealed class SlowHasher(IOptions<PasswordHasherOptions> options, FakeTimeProvider clock)
        : PasswordHasher<Account>(options)
    {
        public static readonly TimeSpan Wait = TimeSpan.FromSeconds(8);

        public override PasswordVerificationResult VerifyHashedPassword(
            Account user, string hashedPassword, string providedPassword)
        {
            clock.Advance(Wait);
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }

    [GeneratedRegex(@"^20\d\d-\d\d-\d\dT\S+ (INF|WRN|ERR) [A-Z]")]
    private static partial Regex LogLine();
}
