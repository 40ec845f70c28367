using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Signing in, the lockout, and refusals that reveal nothing.</summary>
public partial class SignInTests(SignInTests.CountedHousehold household) : IClassFixture<SignInTests.CountedHousehold>
{
    private const string Password = SentinelCamApp.Password;
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Every_refusal_looks_the_same_and_costs_one_hash()
    {
        // Addresses have the same length, since the form repeats them
        await _app.AddAccountAsync("Known", "known@example.org");
        await _app.AddAccountAsync("Locked", "lockd@example.org");
        await _app.AddAccountAsync("Unapproved", "nappr@example.org", approved: false);
        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
            await _app.FailToSignInAsync("lockd@example.org", isCaptured: false);

        var known = await RefuseAsync("known@example.org", "a wrong password");
        foreach (var (email, password, outcome) in new[]
        {
            ("nobdy@example.org", "a wrong password", LoginOutcome.UnknownAccount),
            ("lockd@example.org", "a wrong password", LoginOutcome.LockedOut),
            ("lockd@example.org", Password, LoginOutcome.LockedOut),
            ("nappr@example.org", "a wrong password", LoginOutcome.WrongPassword),
            ("nappr@example.org", Password, LoginOutcome.NotApproved),
        })
        {
            var answer = await RefuseAsync(email, password);
            Assert.Equal(outcome,
                await _app.ReadAsync(db => db.LoginAttempts.OrderByDescending(a => a.Id).Select(a => a.Outcome).FirstAsync()));
            Assert.Equal(known.Status, answer.Status);
            Assert.Equal(known.Headers.Keys.Order(), answer.Headers.Keys.Order());
            Assert.Equal(Neutral(known), Neutral(answer));
        }
    }

    [Fact]
    public async Task Five_failures_lock_the_account_for_five_minutes_even_for_the_right_password()
    {
        await _app.AddAccountAsync("Henry", "henry@example.org");
        using var visitor = _app.Visit();
        for (var i = 0; i < 5; i++)
            await visitor.SignInAsync("henry@example.org", "a wrong password");

        Assert.Equal("/login", (await visitor.SignInAsync("henry@example.org", Password)).Path);
        household.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal("/login", (await visitor.SignInAsync("henry@example.org", Password)).Path);
        household.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("/dashboard", (await visitor.SignInAsync("henry@example.org", Password)).Path);
    }

    [Fact]
    public async Task Failure_count_resets_after_a_success_and_after_a_lockout()
    {
        await _app.AddAccountAsync("Irene", "irene@example.org");
        await FailAsync(4);
        (await _app.VisitAsAsync("irene@example.org")).Dispose();
        await FailAsync(4);
        (await _app.VisitAsAsync("irene@example.org")).Dispose();

        await FailAsync(5);
        household.Clock.Advance(SignInPolicy.LockoutTime);
        await FailAsync(4);
        (await _app.VisitAsAsync("irene@example.org")).Dispose();

        async Task FailAsync(int times)
        {
            using var guesser = _app.Visit();
            for (var i = 0; i < times; i++)
                Assert.Equal("/login", (await guesser.SignInAsync("irene@example.org", "a wrong password")).Path);
        }
    }

    [Fact]
    public async Task Parallel_guesses_are_counted_exactly_and_cannot_bypass_the_lockout()
    {
        var id = await _app.AddAccountAsync("Judy", "judy@example.org");
        var visitors = Enumerable.Range(0, 20).Select(_ => _app.Visit()).ToList();
        var forms = await Task.WhenAll(visitors.Select(visitor => visitor.GetAsync("/login")));

        await Task.WhenAll(visitors.Select((visitor, i) =>
            visitor.SubmitAsync(forms[i], new { Email = "judy@example.org", Password = $"guess number {i}" })));

        visitors.ForEach(visitor => visitor.Dispose());
        var outcomes = await _app.ReadAsync(
            db => db.LoginAttempts.Where(a => a.OwnerId == id).OrderBy(a => a.Id).Select(a => a.Outcome).ToListAsync());
        Assert.Equal(
            [.. Enumerable.Repeat(LoginOutcome.WrongPassword, 5), .. Enumerable.Repeat(LoginOutcome.LockedOut, 15)], outcomes);
        Assert.Equal("/login", (await household.Nobody.SignInAsync("judy@example.org", Password)).Path);
    }

    [Fact]
    public async Task Visitor_who_hangs_up_during_the_password_check_is_still_recorded()
    {
        var id = await _app.AddAccountAsync("Mona", "mona@example.org");
        var (cookies, form) = await RawHttp.LoginFormAsync(_app, "mona@example.org");
        var checking = new TaskCompletionSource();
        using var hungUp = new ManualResetEventSlim();
        household.Hasher.OnVerify = () =>
        {
            checking.SetResult();
            hungUp.Wait(TimeSpan.FromSeconds(30));
        };

        await RawHttp.SendAndHangUpAsync(
            _app.Address, RawHttp.Post(_app.Address, "/login", cookies, form, "Hangs up/1.0"), when: checking.Task);
        household.Hasher.OnVerify = null;
        hungUp.Set();

        var entry = await _app.WaitForAsync(
            db => db.ImageLog.Include(e => e.LoginAttempt).AsNoTracking()
                .SingleOrDefaultAsync(e => e.OwnerId == id && e.CaptureState == CaptureState.Taken),
            found => found is not null);
        Assert.Equal("Hangs up/1.0", entry!.LoginAttempt!.UserAgent);
        Assert.Equal(
            1, await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.AccessFailedCount).SingleAsync()));
    }

    [Fact]
    public async Task Mail_address_ignores_case_and_surrounding_spaces()
    {
        using var visitor = _app.Visit();
        Assert.Equal("/dashboard", (await visitor.SignInAsync("  BOB@Example.ORG ", Password)).Path);
    }

    [Fact]
    public async Task Empty_form_is_not_an_attempt()
    {
        var before = await _app.ReadAsync(db => db.LoginAttempts.CountAsync());
        using var visitor = _app.Visit();

        Assert.Contains(
            "Enter your email address and your password", (await visitor.SignInAsync("", "")).Main, StringComparison.Ordinal);
        Assert.Contains("Enter your email address and your password", (await visitor.SignInAsync(Household.Bobs, "")).Main,
            StringComparison.Ordinal);
        Assert.Equal(before, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    [Fact]
    public async Task Only_a_post_signs_out()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);

        Assert.Contains("Sign out?", (await bob.GetAsync("/logout")).Main, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await bob.GetAsync("/dashboard")).Path);
        Assert.Equal("/", (await bob.SignOutAsync()).Path);
        Assert.Equal("/login", (await bob.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Signing_in_returns_to_the_requested_page()
    {
        using var bob = _app.Visit();
        var form = await bob.GetAsync("/userdata?Q=x");
        Assert.Equal("/login", form.Path);

        var answer = await bob.SubmitAsync(form, new { Email = Household.Bobs, Password }, ActionOf(form));

        Assert.Equal("/userdata?Q=x", answer.PathAndQuery);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("\\\\evil.example/")]
    [InlineData("/\t/evil.example/")]
    [InlineData("http:evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task Signing_in_never_redirects_to_another_site(string returnUrl)
    {
        using var bob = _app.Visit();
        var form = await bob.GetAsync("/login?returnUrl=" + Uri.EscapeDataString(returnUrl));

        var answer = await bob.SubmitAsync(form, new { Email = Household.Bobs, Password }, ActionOf(form));

        Assert.Equal(_app.Address.Authority, answer.Uri.Authority);
        Assert.Equal("/dashboard", answer.PathAndQuery);
    }

    private async Task<WebAnswer> RefuseAsync(string email, string password)
    {
        using var visitor = _app.Visit();
        var form = await visitor.GetAsync("/login");
        household.Hasher.Verified = household.Hasher.Made = 0;
        var answer = await visitor.SubmitAsync(form, new { Email = email, Password = password });
        Assert.Equal(1, household.Hasher.Verified);
        Assert.Equal(0, household.Hasher.Made);
        Assert.Equal("/login", answer.Path);
        Assert.DoesNotContain(password, answer.Text, StringComparison.Ordinal);
        return answer;
    }

    private static string ActionOf(WebAnswer page) =>
        page.Document.Forms.Single(form => form.Method == "post").GetAttribute("action")!;

    /// <summary>The page without the typed address.</summary>
    private static string Neutral(WebAnswer page) => Typed().Replace(page.Neutral, "ADDRESS");

    [GeneratedRegex("(known|nobdy|lockd|nappr)@example.org")]
    private static partial Regex Typed();

    /// <summary>Counts the hashes that it makes and verifies.</summary>
    public sealed class CountingHasher(IOptions<PasswordHasherOptions> options) : PasswordHasher<Account>(options)
    {
        public int Verified { get; set; }

        public int Made { get; set; }

        public Action? OnVerify { get; set; }

        public override string HashPassword(Account user, string password)
        {
            Made++;
            return base.HashPassword(user, password);
        }

        public override PasswordVerificationResult VerifyHashedPassword(
            Account user, string hashedPassword, string providedPassword)
        {
            Verified++;
            OnVerify?.Invoke();
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }

    public sealed class CountedHousehold : Household
    {
        public CountingHasher Hasher => (CountingHasher)App.Services.GetRequiredService<IPasswordHasher<Account>>();

        protected override void Replace(IServiceCollection services)
        {
            base.Replace(services);
            services.Replace(ServiceDescriptor.Singleton<IPasswordHasher<Account>, CountingHasher>());
        }
    }
}
