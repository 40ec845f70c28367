using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>Sign-ins with a passkey, and answers that are not accepted.</summary>
public class PasskeySignInTests(Household household) : IClassFixture<Household>
{
    private const string Refusal = "The passkey was not accepted, or its account cannot sign in right now";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Passkey_signs_in_again_and_again_and_tells_when_it_was_last_used()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Paul", "paul@example.org");
        using var visitor = _app.VisitByName();

        for (var i = 0; i < 2; i++)
        {
            household.Clock.Advance(TimeSpan.FromMinutes(1));
            passkey.Counter++;
            Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);
            Assert.Contains("You sign in with paul@example.org", (await visitor.GetAsync("/settings/security")).Main,
                StringComparison.Ordinal);
            Assert.Equal(SignInMethods.Passkey, await _app.ReadAsync(db => db.Sessions.Where(s => s.AccountId == id)
                .OrderByDescending(s => s.Id).Select(s => s.SecondFactor).FirstAsync()));
            Assert.Equal(household.Clock.GetUtcNow(), await _app.ReadAsync(db => db.UserPasskeys.Where(p => p.UserId == id)
                .Select(p => EF.Property<DateTimeOffset?>(p, PasskeyColumns.LastUsedAt)).SingleAsync()));
            await visitor.SignOutAsync();
        }

        Assert.Empty(await AttemptsOfAsync(id));
    }

    [Fact]
    public async Task Synchronized_passkey_that_does_not_count_signs_in()
    {
        var (_, passkey) = await _app.AddAccountWithPasskeyAsync("Sue", "sue@example.org");
        using var other = new SoftPasskey();
        using (var sue = await _app.VisitByNameAsAsync("sue@example.org"))
            await _app.AddPasskeyAsync(sue, other);
        using var visitor = _app.VisitByName();

        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, other)).Path);
        await visitor.SignOutAsync();
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, other)).Path);
    }

    [Theory]
    [InlineData("tampered")]
    [InlineData("not verified")]
    [InlineData("another site's")]
    [InlineData("expired")]
    [InlineData("another challenge")]
    [InlineData("a challenge of a session")]
    [InlineData("a forged state")]
    [InlineData("another's user handle")]
    [InlineData("too long")]
    [InlineData("quoted")]
    public async Task Answer_that_is_not_valid_is_refused_recorded_and_photographed(string fault)
    {
        var email = $"{fault.Replace(' ', '.').Replace('\'', '.')}@example.org";
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Quentin", email);
        passkey.Counter++;
        using var visitor = _app.VisitByName();
        var (options, state) = await visitor.AskAsync();
        var origin = _app.Origin();
        switch (fault)
        {
            case "another site's":
                origin = "http://localhost:1";
                break;
            case "expired":
                household.Clock.Advance(PasskeyChallenges.Lifetime + TimeSpan.FromSeconds(1));
                break;
            case "another challenge":
                (options, _) = await visitor.AskAsync();
                break;
            case "a challenge of a session":
                using (var session = await _app.VisitByNameAsAsync(Household.Bobs))
                    (options, state) = await session.AskAsync("/settings");
                break;
            case "a forged state":
                state = state[..^3] + "abc";
                break;
            case "another's user handle":
                passkey.UserHandle = Convert.ToBase64String("1"u8);
                break;
        }

        var answer = passkey.Answer(options, origin, isVerified: fault != "not verified", isTampered: fault == "tampered");
        if (fault == "too long")
            answer = answer.Insert(1, new string(' ', PasskeyAnswer.MaxLength));
        // The handler's message quotes the type. Without a signature, it must not look like a copied passkey
        if (fault == "quoted")
            answer = answer.Replace("public-key", "signature counter", StringComparison.Ordinal);
        var refused = await visitor.SendPasskeyAsync(answer, state);

        Assert.Equal((HttpStatusCode.OK, "/login"), (refused.Status, refused.Path));
        Assert.Contains(Refusal, refused.Main, StringComparison.Ordinal);
        if (fault == "too long")
            return;
        var attempt = Assert.Single(await AttemptsOfAsync(id));
        Assert.Equal((LoginOutcome.PasskeyRefused, email), (attempt.Outcome, attempt.AccountTyped));
        await _app.WaitForAsync(
            db => db.ImageLog.Where(e => e.LoginAttemptId == attempt.Id).Select(e => e.CaptureState).SingleAsync(),
            state => state == CaptureState.Taken);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData("null")]
    [InlineData("""{"id":7}""")]
    [InlineData("""{"id":"?"}""")]
    [InlineData("""{"id":"\ud800"}""")]
    public async Task Answer_of_no_known_passkey_looks_the_same_and_belongs_to_no_account(string answer)
    {
        var (_, passkey) = await _app.AddAccountWithPasskeyAsync("Rosa", $"rosa{answer.Length}@example.org");
        using var visitor = _app.VisitByName();
        var known = await _app.SignInAsync(visitor, passkey, isTampered: true);
        var before = await _app.ReadAsync(db => db.LoginAttempts.MaxAsync(a => a.Id));

        var unknown = await visitor.SendPasskeyAsync(answer, (await visitor.AskAsync()).State);

        Assert.Equal((known.Status, known.Neutral), (unknown.Status, unknown.Neutral));
        var attempt = await _app.ReadAsync(db => db.LoginAttempts.SingleAsync(a => a.Id > before));
        Assert.Equal((LoginOutcome.UnknownAccount, LoginAttempt.UnknownPasskey, (long?)null),
            (attempt.Outcome, attempt.AccountTyped, attempt.OwnerId));
    }

    [Fact]
    public async Task Answer_is_accepted_once_even_of_a_passkey_that_does_not_count_and_in_parallel()
    {
        await _app.AddAccountAsync("Tess", "tess@example.org");
        using var passkey = new SoftPasskey();
        using (var tess = await _app.VisitByNameAsAsync("tess@example.org"))
            await _app.AddPasskeyAsync(tess, passkey);
        using var visitor = _app.VisitByName();
        var (options, state) = await visitor.AskAsync();
        var answer = passkey.Answer(options, _app.Origin());
        var visitors = Enumerable.Range(0, 6).Select(_ => _app.VisitByName()).ToList();

        var answers = await Task.WhenAll(visitors.Select(v => v.SendPasskeyAsync(answer, state)));

        Assert.Single(answers, a => a.Path == "/dashboard");
        Assert.Contains(Refusal, (await visitor.SendPasskeyAsync(answer, state)).Main, StringComparison.Ordinal);
        Assert.Equal(6, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(
            a => a.AccountTyped == "tess@example.org" && a.Outcome == LoginOutcome.PasskeyRefused)));
        visitors.ForEach(v => v.Dispose());
    }

    [Fact]
    public async Task Copied_passkey_is_refused_and_told_at_once()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Uma", "uma@example.org");
        await _app.ReadAsync(db => db.Users.Where(a => a.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.AlertFrom, 10)));
        using var visitor = _app.VisitByName();
        passkey.Counter = 7;
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);
        await visitor.SignOutAsync();

        passkey.Counter = 7;
        Assert.Contains(Refusal, (await _app.SignInAsync(visitor, passkey)).Main, StringComparison.Ordinal);

        var attempt = Assert.Single(await AttemptsOfAsync(id));
        Assert.Equal((LoginOutcome.PasskeyCopied, ToldBy.OwnMail), (attempt.Outcome, attempt.ToldBy));
        // Without the key, nobody can raise this alarm
        Assert.Contains(Refusal, (await _app.SignInAsync(visitor, passkey, isTampered: true)).Main, StringComparison.Ordinal);
        Assert.Equal(LoginOutcome.PasskeyRefused, (await AttemptsOfAsync(id))[^1].Outcome);
        passkey.Counter = 8;
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);
    }

    [Fact]
    public async Task Suspended_account_gets_the_same_answer()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Vera", "vera@example.org");
        using var visitor = _app.VisitByName();
        var invalid = await _app.SignInAsync(visitor, passkey, isTampered: true);
        await _app.ReadAsync(db => db.Users.Where(a => a.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null)));
        passkey.Counter++;

        var suspended = await _app.SignInAsync(visitor, passkey);

        Assert.Equal((invalid.Status, invalid.Neutral), (suspended.Status, suspended.Neutral));
        var last = await _app.ReadAsync(db => db.LoginAttempts.Where(a => a.AccountTyped == "vera@example.org")
            .OrderByDescending(a => a.Id).FirstAsync());
        Assert.Equal((LoginOutcome.NotApproved, null), (last.Outcome, last.OwnerId));
    }

    [Fact]
    public async Task Passkey_signs_in_while_passwords_are_locked_out_and_is_told_after_failures()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Walt", "walt@example.org");
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await _app.FailToSignInAsync("walt@example.org", "203.0.113.5", isCaptured: false);
        passkey.Counter++;
        using var visitor = _app.VisitByName();

        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);

        Assert.Equal(LoginOutcome.SucceededAfterFailures, (await AttemptsOfAsync(id))[^1].Outcome);
    }

    [Fact]
    public async Task Passkey_follows_the_password_in_place_of_a_code_and_a_wrong_one_says_that_somebody_knows_the_password()
    {
        const string Challenge = "/passkey_challenge/second_factor";
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Xena", "xena@example.org");
        await _app.ReadAsync(db => db.Users.Where(a => a.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.TwoFactorEnabled, true)));
        using var visitor = _app.VisitByName();
        var form = await visitor.GetAsync("/login");
        Assert.Equal(HttpStatusCode.BadRequest,
            (await visitor.PostAsync(Challenge, [], ("RequestVerificationToken", form.Token))).Status);

        var page = await visitor.SignInAsync("xena@example.org", SentinelCamApp.Password);
        Assert.Equal("/login/code", page.Path);
        var (options, state) = await visitor.AskAsync("/login/code", Challenge);
        Assert.Single(options["allowCredentials"]!.AsArray());
        passkey.Counter++;
        Assert.Contains("The passkey was not accepted",
            (await SendAsync(passkey.Answer(options, _app.Origin(), isTampered: true), state)).Main, StringComparison.Ordinal);
        // A challenge for signing in does not do
        var (others, othersState) = await visitor.AskAsync();
        Assert.Contains("The passkey was not accepted",
            (await SendAsync(passkey.Answer(others, _app.Origin()), othersState)).Main, StringComparison.Ordinal);
        Assert.Equal([LoginOutcome.WrongCode, LoginOutcome.WrongCode],
            (await AttemptsOfAsync(id)).Select(attempt => attempt.Outcome));

        Assert.Equal("/dashboard", (await SendAsync(passkey.Answer(options, _app.Origin()), state)).Path);
        Assert.Equal(SignInMethods.PasswordAndPasskey, await _app.ReadAsync(db => db.Sessions.Where(s => s.AccountId == id)
            .OrderByDescending(s => s.Id).Select(s => s.SecondFactor).FirstAsync()));

        Task<WebAnswer> SendAsync(string answer, string state) => visitor.SubmitAsync(
            page, new { Code = "", PasskeyAnswer = answer, PasskeyState = state }, "/login/code");
    }

    [Fact]
    public async Task Flood_of_wrong_passkeys_after_a_right_password_is_delayed_like_one_of_passwords()
    {
        await using var app = await SentinelCamApp.StartAsync(household.Clock, services =>
            services.Configure<PasswordHasherOptions>(options => options.IterationCount = 1_000));
        using (var ann = await app.RegisterAnnAsync())
            await AuthenticatorApp.TurnOnAsync(ann, household.Clock);
        using var thief = app.VisitByName();
        var page = await thief.EnterPasswordAsync(SentinelCamApp.AnnsEmail);
        for (var i = 0; i < SignInDelays.FreePerAddress; i++)
            Assert.Equal(HttpStatusCode.OK, (await SendAsync()).Status);

        var delayed = await SendAsync();

        Assert.Equal((HttpStatusCode.TooManyRequests, "1"), (delayed.Status, delayed.Headers["Retry-After"]));
        Assert.Contains("the passkey was not checked", delayed.Main, StringComparison.Ordinal);
        Assert.Equal(LoginOutcome.NotChecked,
            await app.ReadAsync(db => db.LoginAttempts.OrderByDescending(a => a.Id).Select(a => a.Outcome).FirstAsync()));

        Task<WebAnswer> SendAsync() => thief.PostAsync("/login/code",
            [new("PasskeyAnswer", "{}"), new("PasskeyState", "none"), new("__RequestVerificationToken", page.Token)]);
    }

    /// <summary>Without the sign-ins from browsers that were new.</summary>
    private Task<List<LoginAttempt>> AttemptsOfAsync(long id) => _app.ReadAsync(db => db.LoginAttempts.AsNoTracking()
        .Where(a => a.OwnerId == id && a.Outcome != LoginOutcome.SucceededInNewBrowser).OrderBy(a => a.Id).ToListAsync());
}
