using System.Net;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>A code after the password: codes work once, guesses are bounded, and only the owner gets rid of it.</summary>
[Trait("Database", "Both")]
public sealed partial class SecondFactorTests : IAsyncLifetime
{
    private const string Ann = SentinelCamApp.AnnsEmail;
    private const string Page = "/settings/second_factor";

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;
    private AuthenticatorApp _phone = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        _ann = await _app.RegisterAnnAsync();
        _phone = await AuthenticatorApp.TurnOnAsync(_ann, _clock);
        NextPeriod();
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Password_alone_signs_nobody_in_and_opens_nothing()
    {
        await _ann.SignOutAsync();
        var before = await StateAsync();
        var step = await _ann.EnterPasswordAsync(Ann);

        Assert.Equal("/login", (await _ann.GetAsync("/dashboard")).Path);
        Assert.Equal(before, await StateAsync());

        Assert.Equal("/dashboard", (await _ann.EnterCodeAsync(step, _phone.Code())).Path);
        Assert.Contains("with the password and a code", (await _ann.GetAsync("/settings/sessions")).Main,
            StringComparison.Ordinal);

        async Task<(int Sessions, string Browser, int Attempts)> StateAsync() => (
            await _app.ReadAsync(db => db.Sessions.CountAsync()),
            await _app.ReadAsync(db => db.KnownBrowsers.Select(b => b.KeyHash).SingleAsync()),
            await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    [Fact]
    public async Task Code_leads_to_the_page_that_was_wanted()
    {
        using var other = _app.Visit();
        var form = await other.GetAsync("/userdata?View=Gallery");
        var step = await other.PostAsync(form.PathAndQuery,
        [
            new("Email", Ann), new("Password", SentinelCamApp.Password), new("__RequestVerificationToken", form.Token),
        ]);

        Assert.Equal("/userdata?View=Gallery", (await other.EnterCodeAsync(step, _phone.Code())).PathAndQuery);
    }

    [Fact]
    public async Task Code_is_accepted_once_and_no_earlier_one_after_it()
    {
        using var other = _app.Visit();
        var (earlier, later) = (_phone.Code(), _phone.Code(1));
        Assert.Equal("/dashboard", (await other.EnterCodeAsync(await other.EnterPasswordAsync(Ann), later)).Path);

        using var thief = _app.Visit();
        var step = await thief.EnterPasswordAsync(Ann);
        foreach (var code in new[] { later, earlier, _phone.Code(-1), _phone.Code(2) })
            Assert.Contains("The code is wrong, or it was used before", (await thief.EnterCodeAsync(step, code)).Main,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_sent_many_times_at_once_signs_in_once()
    {
        var visitors = Enumerable.Range(0, 5).Select(_ => _app.Visit()).ToList();
        var steps = new List<WebAnswer>();
        foreach (var visitor in visitors)
            steps.Add(await visitor.EnterPasswordAsync(Ann));
        var code = _phone.Code();

        var answers = await Task.WhenAll(visitors.Select((visitor, i) => visitor.EnterCodeAsync(steps[i], code)));

        Assert.Single(answers, answer => answer.Path == "/dashboard");
        visitors.ForEach(visitor => visitor.Dispose());
    }

    [Fact]
    public async Task Recovery_code_signs_in_once_and_its_owner_is_told()
    {
        using var other = _app.Visit();
        var code = _phone.RecoveryCodes[3];
        var step = await other.EnterPasswordAsync(Ann);
        Assert.Equal("/dashboard", (await other.EnterCodeAsync(step, $" {code.ToUpperInvariant()} ", trust: true)).Path);
        Assert.Contains("9 recovery codes are left", (await other.GetAsync(Page)).Main, StringComparison.Ordinal);
        Assert.Equal("Someone signed in with the password and a recovery code, from this machine (127.0.0.1). "
            + "9 recovery codes are left.", await LastNoticeAsync());

        // Not trusted, although the form said so
        await other.SignOutAsync();
        var again = await other.EnterPasswordAsync(Ann);
        Assert.Contains("The code is wrong", (await other.EnterCodeAsync(again, code)).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parallel_guesses_pass_no_limit_and_the_password_must_be_entered_again()
    {
        using var thief = _app.Visit();
        var step = await thief.EnterPasswordAsync(Ann);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => thief.EnterCodeAsync(step, _phone.WrongCode())));

        Assert.Equal(5, answers.Count(answer => answer.Path == "/login/code"));
        Assert.Equal(5, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.WrongCode)));
        // Not even with the right code, or with the cookie of before
        Assert.Equal("/login", (await thief.EnterCodeAsync(step, _phone.Code())).Path);
        Assert.Equal("/login", (await thief.SignInAsync(Ann, SentinelCamApp.Password)).Path);
        Assert.Equal(LoginOutcome.LockedOut,
            await _app.ReadAsync(db => db.LoginAttempts.OrderByDescending(a => a.Id).Select(a => a.Outcome).FirstAsync()));

        // The owner's own browser has a count of its own
        await _ann.SignOutAsync();
        Assert.Equal("/dashboard", (await _ann.EnterCodeAsync(await _ann.EnterPasswordAsync(Ann), _phone.Code())).Path);
    }

    [Fact]
    public async Task Each_lock_of_codes_lasts_twice_as_long_until_a_day()
    {
        using var thief = _app.Visit();
        foreach (var minutes in new[] { 5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440 })
        {
            var step = await thief.EnterPasswordAsync(Ann);
            for (var i = 0; i < SignInPolicy.MaxFailures; i++)
                await thief.EnterCodeAsync(step, _phone.WrongCode());
            var until = await _app.ReadAsync(db => db.Users.Select(a => a.CodesLockedUntil).SingleAsync());
            Assert.Equal(_clock.GetUtcNow().AddMinutes(minutes), until);
            _clock.Advance(TimeSpan.FromMinutes(minutes));
        }

        // A right code ends the row of wrong ones
        Assert.Equal("/dashboard", (await thief.EnterCodeAsync(await thief.EnterPasswordAsync(Ann), _phone.Code())).Path);
        Assert.Equal(0, await _app.ReadAsync(db => db.Users.Select(a => a.WrongCodes).SingleAsync()));
    }

    [Fact]
    public async Task Stranger_without_the_password_locks_no_codes()
    {
        using var stranger = _app.Visit();
        for (var i = 0; i < 12; i++)
            await stranger.SignInAsync(Ann, "a stranger's guess");
        Assert.Equal(HttpStatusCode.BadRequest, (await stranger.PostAsync("/login/code", [new("Code", "123456")])).Status);
        var login = await stranger.GetAsync("/login");
        await stranger.PostAsync(
            "/login/code", [new("Code", _phone.WrongCode()), new("__RequestVerificationToken", login.Token)]);
        Assert.Equal("/login", (await stranger.GetAsync("/login/code")).Path);

        var account = await _app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        Assert.Equal((0, null), (account.WrongCodes, account.CodesLockedUntil));
    }

    [Fact]
    public async Task Step_ends_after_five_minutes_and_with_a_new_password()
    {
        using var other = _app.Visit();
        var late = await other.EnterPasswordAsync(Ann);
        _clock.Advance(SignInPolicy.CodeTime + TimeSpan.FromSeconds(1));
        Assert.Equal("/login", (await other.EnterCodeAsync(late, _phone.Code())).Path);

        var step = await other.EnterPasswordAsync(Ann);
        await ChangePasswordAsync("another horse, another battery");
        Assert.Equal("/login", (await other.EnterCodeAsync(step, _phone.Code())).Path);
        Assert.Equal(0, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.WrongCode)));
        Assert.Equal("/login", (await other.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Trusted_browser_is_asked_for_the_password_only_for_30_days()
    {
        using var other = _app.Visit();
        await other.EnterCodeAsync(await other.EnterPasswordAsync(Ann), _phone.Code(), trust: true);
        await other.SignOutAsync();
        using var thief = _app.Visit();
        thief.TakeCookies(_app.Address, other);
        Assert.Equal("/dashboard", (await other.SignInAsync(Ann, SentinelCamApp.Password)).Path);
        Assert.Contains(
            "in a browser that is trusted for 30 days", (await other.GetAsync("/settings/sessions")).Main,
            StringComparison.Ordinal);
        // A copy of the cookie is worth nothing after the next sign-in
        await thief.EnterPasswordAsync(Ann);

        await other.SignOutAsync();
        _clock.Advance(KnownBrowsers.TrustLifetime - TimeSpan.FromSeconds(1));
        Assert.Equal("/dashboard", (await other.SignInAsync(Ann, SentinelCamApp.Password)).Path);
        await other.SignOutAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await other.EnterPasswordAsync(Ann);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trust_ends_with_a_new_password_or_when_the_owner_says_so(bool newPassword)
    {
        const string New = "another horse, another battery";
        using var other = _app.Visit();
        await other.EnterCodeAsync(await other.EnterPasswordAsync(Ann), _phone.Code(), trust: true);
        if (newPassword)
        {
            await ChangePasswordAsync(New);
        }
        else
        {
            var page = await _ann.GetAsync(Page);
            Assert.Contains("One browser asks for the password only", page.Main, StringComparison.Ordinal);
            await _ann.SubmitAsync(page, new { }, $"{Page}?handler=Distrust");
            await other.SignOutAsync();
        }

        var step = await other.EnterPasswordAsync(Ann, newPassword ? New : SentinelCamApp.Password);
        NextPeriod();
        await other.EnterCodeAsync(step, _phone.Code());
        await other.SignOutAsync();
        await other.EnterPasswordAsync(Ann, newPassword ? New : SentinelCamApp.Password);
    }

    [Fact]
    public async Task Forgotten_password_does_not_bypass_it()
    {
        var account = await _app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        await using var scope = _app.Services.CreateAsyncScope();
        var links = scope.ServiceProvider.GetRequiredService<AccountLinks>();
        var deliveries = scope.ServiceProvider.GetRequiredService<DeliveryPlan>();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var mail = deliveries.AddNotice(MailKind.ResetPassword, account.Id, Ann);
        mail.SiteAddress = _app.Address.ToString().TrimEnd('/');
        links.Add(LinkPurpose.ResetPassword, account, mail, TimeSpan.FromMinutes(30));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        var link = new Uri((await links.AddressForAsync(mail))!).PathAndQuery;

        using var reader = _app.Visit();
        Assert.Equal("/login", (await reader.SubmitAsync(
            link, new { New = "another horse, another battery" }, "/reset_password")).Path);
        var step = await reader.EnterPasswordAsync(Ann, "another horse, another battery");
        Assert.Equal("/dashboard", (await reader.EnterCodeAsync(step, _phone.Code())).Path);
    }

    /// <summary>RFC 6238, appendix B, with the six digits that apps show.</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(2000000000, "279037")]
    public void Codes_are_those_of_the_standard(long seconds, string code)
    {
        var keys = _app.Services.GetRequiredService<AuthenticatorKeys>();
        var stored = _app.Services.GetRequiredService<IDataProtectionProvider>()
            .CreateProtector("SentinelCam.AuthenticatorKey", "1").Protect("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        var now = DateTimeOffset.FromUnixTimeSeconds(seconds);

        Assert.Equal(seconds / 30, keys.FindStep(1, stored, code, now));
        Assert.Equal(seconds / 30, keys.FindStep(1, stored, code, now.AddSeconds(30)));
        Assert.Null(keys.FindStep(1, stored, code, now.AddSeconds(60)));
        // Another account's secret
        Assert.Null(keys.FindStep(2, stored, code, now));
    }

    [Fact]
    public async Task Stored_files_contain_neither_the_key_nor_a_recovery_code()
    {
        await _app.StopAsync();
        foreach (var secret in _phone.RecoveryCodes.Append(_phone.Key).SelectMany(s => new[] { s, s.Replace("-", "") }))
            Assert.DoesNotContain(_app.Kept(), file => file.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0);
    }

    private void NextPeriod() => _clock.Advance(TimeSpan.FromSeconds(AuthenticatorKeys.Period));

    private Task<WebAnswer> ChangePasswordAsync(string wanted) =>
        _ann.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = wanted });

    private Task<string?> LastNoticeAsync() => _app.ReadAsync(db => db.Deliveries.Where(d => d.Kind == MailKind.SettingsChanged)
        .OrderByDescending(d => d.Id).Select(d => d.Changes).FirstAsync());

    private Task<List<string>> HashesAsync() => _app.ReadAsync(db => db.RecoveryCodes.Select(c => c.Hash).Order().ToListAsync());
}
