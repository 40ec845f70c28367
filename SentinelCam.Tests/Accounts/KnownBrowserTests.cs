using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Browsers in which somebody has signed in before have a count of their own: strangers lock only strangers.</summary>
public class KnownBrowserTests(Household household) : IClassFixture<Household>
{
    private const string Password = SentinelCamApp.Password;
    private const string Wrong = "a wrong password";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Six_wrong_guesses_every_five_minutes_for_an_hour_leave_the_owners_browser_working()
    {
        var id = await _app.AddAccountAsync("Olga", "olga@example.org");
        using var olga = await _app.VisitAsAsync("olga@example.org");
        await olga.SignOutAsync();
        using var attacker = _app.Visit("Attacker/1.0");

        for (var minute = 0; minute < 60; minute += 5)
        {
            for (var i = 0; i < 6; i++)
                await attacker.SignInAsync("olga@example.org", $"{Wrong} {minute} {i}");
            Assert.Equal("/dashboard", (await olga.SignInAsync("olga@example.org", Password)).Path);
            await olga.SignOutAsync();
            household.Clock.AdvanceMinutes(5);
        }

        Assert.Equal(72, await _app.ReadAsync(
            db => db.LoginAttempts.CountAsync(a => a.OwnerId == id && a.Outcome != LoginOutcome.SucceededAfterFailures)));
    }

    [Fact]
    public async Task Strangers_stay_locked_out_while_the_owner_signs_in()
    {
        await _app.AddAccountAsync("Pia", "pia@example.org");
        using var pia = await _app.VisitAsAsync("pia@example.org");
        using var stranger = _app.Visit();
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await stranger.SignInAsync("pia@example.org", Wrong);
        await pia.SignOutAsync();

        Assert.Equal("/dashboard", (await pia.SignInAsync("pia@example.org", Password)).Path);

        // A success of the owner does not unlock anything for them
        Assert.Equal("/login", (await stranger.SignInAsync("pia@example.org", Password)).Path);
    }

    [Fact]
    public async Task Stolen_cookie_has_a_bounded_count_even_for_parallel_guesses()
    {
        var id = await _app.AddAccountAsync("Quinn", "quinn@example.org");
        using var quinn = await _app.VisitAsAsync("quinn@example.org");
        await quinn.SignOutAsync();
        var thieves = Enumerable.Range(0, 20).Select(_ => ThiefOf(quinn)).ToList();
        var forms = await Task.WhenAll(thieves.Select(thief => thief.GetAsync("/login")));

        await Task.WhenAll(thieves.Select((thief, i) =>
            thief.SubmitAsync(forms[i], new { Email = "quinn@example.org", Password = $"guess number {i}" })));

        var outcomes = await _app.ReadAsync(
            db => db.LoginAttempts.Where(a => a.OwnerId == id).OrderBy(a => a.Id).Select(a => a.Outcome).ToListAsync());
        Assert.Equal(
            [.. Enumerable.Repeat(LoginOutcome.WrongPassword, 5), .. Enumerable.Repeat(LoginOutcome.LockedOut, 15)], outcomes);
        // It locks its browser, and nobody else
        Assert.Equal("/login", (await thieves[0].SignInAsync("quinn@example.org", Password)).Path);
        using var other = await _app.VisitAsAsync("quinn@example.org");
        thieves.ForEach(thief => thief.Dispose());
    }

    [Fact]
    public async Task Copy_of_the_cookie_is_worth_nothing_after_the_next_sign_in()
    {
        await _app.AddAccountAsync("Rita", "rita@example.org");
        using var rita = await _app.VisitAsAsync("rita@example.org");
        await rita.SignOutAsync();
        using var thief = ThiefOf(rita);
        Assert.Equal("/dashboard", (await rita.SignInAsync("rita@example.org", Password)).Path);
        await rita.SignOutAsync();
        using var stranger = _app.Visit();
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await stranger.SignInAsync("rita@example.org", Wrong);

        Assert.Equal("/login", (await thief.SignInAsync("rita@example.org", Password)).Path);
        Assert.Equal("/dashboard", (await rita.SignInAsync("rita@example.org", Password)).Path);
    }

    [Fact]
    public async Task Cookie_of_another_account_does_nothing()
    {
        var victim = await _app.AddAccountAsync("Sam", "sam@example.org");
        var own = await _app.AddAccountAsync("Tom", "tom@example.org");
        using var tom = await _app.VisitAsAsync("tom@example.org");
        await tom.SignOutAsync();
        var cookies = tom.CookiesFor(_app.Address);
        Assert.Contains($"{_app.SessionCookie}.Browser.{own}=", cookies, StringComparison.Ordinal);
        using var stranger = _app.Visit();
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await stranger.SignInAsync("sam@example.org", Wrong);

        // Not even under the victim's name
        using var forger = ThiefOf(tom);
        forger.RenameCookie(_app.Address, $"{_app.SessionCookie}.Browser.{own}", $"{_app.SessionCookie}.Browser.{victim}");
        Assert.Equal("/login", (await forger.SignInAsync("sam@example.org", Password)).Path);
        Assert.Equal("/login", (await tom.SignInAsync("sam@example.org", Password)).Path);
    }

    [Fact]
    public async Task After_a_new_password_other_browsers_are_strangers()
    {
        await _app.AddAccountAsync("Uma", "uma@example.org");
        const string Changed = "another horse, another battery";
        using var uma = await _app.VisitAsAsync("uma@example.org");
        using var thief = await _app.VisitAsAsync("uma@example.org");
        await uma.SubmitAsync("/settings/security", new { Current = Password, New = Changed });
        using var stranger = _app.Visit();
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await stranger.SignInAsync("uma@example.org", Wrong);

        Assert.Equal("/login", (await thief.SignInAsync("uma@example.org", Changed)).Path);
        await uma.SignOutAsync();
        Assert.Equal("/dashboard", (await uma.SignInAsync("uma@example.org", Changed)).Path);
    }

    [Fact]
    public async Task Cookie_lasts_a_year_and_is_out_of_reach_of_scripts_and_other_sites()
    {
        var (cookies, fields) = await RawHttp.LoginFormAsync(_app, Household.Eves);
        fields = fields.Replace("a+wrong+password", Password.Replace(' ', '+'), StringComparison.Ordinal);
        var answer = await RawHttp.SendAsync(_app.Address, RawHttp.Post(_app.Address, "/login", cookies, fields, "Tests/1.0"));

        var cookie = Assert.Single(answer.Split("\r\n"),
            line => line.StartsWith($"Set-Cookie: {_app.SessionCookie}.Browser.", StringComparison.Ordinal));
        Assert.Contains("max-age=31536000", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_account_knows_twenty_browsers_at_most()
    {
        var id = await _app.AddAccountAsync("Vera", "vera@example.org");
        for (var i = 0; i <= KnownBrowsers.MaxPerAccount; i++)
            (await _app.VisitAsAsync("vera@example.org")).Dispose();

        Assert.Equal(
            KnownBrowsers.MaxPerAccount, await _app.ReadAsync(db => db.KnownBrowsers.CountAsync(b => b.AccountId == id)));
    }

    /// <summary>Another browser with the same cookies.</summary>
    private WebVisitor ThiefOf(WebVisitor visitor)
    {
        var thief = _app.Visit("Thief/1.0");
        thief.TakeCookies(_app.Address, visitor);
        return thief;
    }
}
