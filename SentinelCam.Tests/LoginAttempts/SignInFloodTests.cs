using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>
/// A flood of guesses whose hashes take forever. The owner gets in with a browser in which they have signed in before, and no
/// guess is lost.
/// </summary>
public sealed class SignInFloodTests : IAsyncLifetime
{
    private const string Nobody = "nobody@example.org";
    private const int Guesses = 60;

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    private SlowHasher Hasher => (SlowHasher)_app.Services.GetRequiredService<IPasswordHasher<Account>>();

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(_clock, services =>
        {
            Household.CheapPasswords(services);
            services.Replace(ServiceDescriptor.Singleton<IPasswordHasher<Account>, SlowHasher>());
        }, ("ForwardedHeaders_Enabled", "true"));
        _ann = await _app.RegisterAnnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Hasher.Go.Set();
        _ann.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("203.0.113.9")]
    // The owner's own
    [InlineData("127.0.0.1")]
    // Of one customer
    [InlineData("2001:db8:7:{0:x}::1")]
    public async Task Guesses_beyond_the_line_of_a_network_get_429_and_are_recorded_and_the_owner_gets_in(string addresses)
    {
        using var guesser = _app.Visit();
        var guesses = await GuessAsync(guesser, addresses);
        const int Refused = Guesses - 1 - HashingSlots.MaxWaiting;
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == Refused);

        await AssertOwnerGetsInAsync();

        Assert.Equal(Refused, guesses.Count(guess => guess.IsCompleted));
        // The rest would wait for too long
        _clock.Advance(HashingSlots.Patience);
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == Guesses - 1);
        Hasher.Go.Set();
        var answers = await Task.WhenAll(guesses);
        Assert.Equal(1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        foreach (var answer in answers.Where(answer => answer.Status != HttpStatusCode.OK))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
            Assert.Equal("5", answer.Headers["Retry-After"]);
            Assert.Contains("Too many passwords wait to be checked", answer.Main, StringComparison.Ordinal);
        }

        var outcomes = await _app.ReadAsync(db => db.LoginAttempts.Select(a => a.Outcome).ToListAsync());
        Assert.Equal(Guesses, outcomes.Count);
        Assert.Equal(Guesses - 1, outcomes.Count(outcome => outcome is LoginOutcome.NotChecked));
        Assert.Equal(Guesses, await _app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        Assert.Contains("password not checked", (await _ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guesses_from_many_networks_do_not_delay_the_owner()
    {
        using var guesser = _app.Visit();
        var guesses = await GuessAsync(guesser, "198.51.100.{0}");
        await Hasher.Waits;

        await AssertOwnerGetsInAsync();

        _clock.Advance(HashingSlots.Patience);
        Hasher.Go.Set();
        await Task.WhenAll(guesses);
        Assert.Equal(Guesses, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.Equal(Guesses, await _app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
    }

    [Theory]
    [InlineData(Nobody)]
    [InlineData("bob@example.org")]
    public async Task Guesses_that_hang_up_at_once_are_all_recorded_and_the_owner_gets_in(string email)
    {
        await _app.AddAccountAsync("Bob", "bob@example.org");
        var (cookies, form) = await RawHttp.LoginFormAsync(_app, email);
        form = form.Replace("a+wrong+password", SlowHasher.Slow, StringComparison.Ordinal);
        var request = RawHttp.Post(_app.Address, "/login", cookies, form, "Hangs up/1.0");
        const int Posts = 150;
        await Parallel.ForAsync(0, Posts, TestContext.Current.CancellationToken,
            async (_, _) => await RawHttp.SendAndHangUpAsync(_app.Address, request, when: Task.CompletedTask));
        await Hasher.Waits;

        await AssertOwnerGetsInAsync();

        await _app.WaitForAsync(
            db => db.LoginAttempts.CountAsync(), count => count >= Posts - 1, () => _clock.Advance(TimeSpan.FromSeconds(1)));
        Hasher.Go.Set();
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == Posts);
        Assert.Equal(Posts, await _app.ReadAsync(db => db.Alerts.SumAsync(a => a.Attempts)));
        // Only passwords that were checked lock an account
        Assert.InRange(await _app.ReadAsync(
            db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.WrongPassword)), 0, SignInPolicy.MaxFailures);
    }

    [Fact]
    public async Task Owner_changes_the_password_during_a_flood()
    {
        using var guesser = _app.Visit();
        var guesses = await GuessAsync(guesser, "127.0.0.1");
        await Hasher.Waits;

        var answer = await _ann.SubmitAsync(
            "/settings/security", new { Current = SentinelCamApp.Password, New = "another horse, another battery" });

        Assert.Contains("Your password was changed", answer.Main, StringComparison.Ordinal);
        Hasher.Go.Set();
        await Task.WhenAll(guesses);
    }

    [Fact]
    public async Task Registrations_wait_in_the_line_of_their_network()
    {
        using var guesser = _app.Visit();
        var guesses = await GuessAsync(guesser, "203.0.113.9");
        await _app.WaitForAsync(db => db.LoginAttempts.AnyAsync(), any => any);

        var fields = new { UserName = "Eve", Email = "eve@example.org", SentinelCamApp.Password, SetupCode = "" };
        var refused = await guesser.SubmitAsync("/register", fields, headers: ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal((HttpStatusCode.TooManyRequests, "5"), (refused.Status, refused.Headers["Retry-After"]));
        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == "eve@example.org")));
        Hasher.Go.Set();
        await Task.WhenAll(guesses);
        var later = await guesser.SubmitAsync("/register", fields, headers: ("X-Forwarded-For", "203.0.113.9"));
        Assert.Equal(HttpStatusCode.OK, later.Status);
        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == "eve@example.org")));
    }

    [Fact]
    public async Task Success_after_unchecked_guesses_is_mailed()
    {
        var bob = await _app.AddAccountAsync("Bob", "bob@example.org");
        using var visitor = await _app.VisitAsAsync("bob@example.org");
        using var guesser = _app.Visit();
        var guesses = await GuessAsync(guesser, "203.0.113.9", "bob@example.org");
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(a => a.OwnerId == bob), count => count >= 3);

        Assert.Equal("/dashboard", (await visitor.SignInAsync("bob@example.org", SentinelCamApp.Password)).Path);

        Assert.True(await _app.ReadAsync(
            db => db.Deliveries.AnyAsync(d => d.Kind == MailKind.Success && d.RecipientId == bob)));
        Hasher.Go.Set();
        await Task.WhenAll(guesses);
    }

    private async Task AssertOwnerGetsInAsync()
    {
        Assert.Equal("/dashboard", (await _ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
    }

    private static async Task<List<Task<WebAnswer>>> GuessAsync(WebVisitor guesser, string addresses, string email = Nobody)
    {
        var page = await guesser.GetAsync("/login");
        return [.. Enumerable.Range(1, Guesses).Select(i => guesser.SubmitAsync(
            page, new { Email = email, Password = SlowHasher.Slow }, null,
            ("X-Forwarded-For", string.Format(System.Globalization.CultureInfo.InvariantCulture, addresses, i))))];
    }

    /// <summary>Verifies one password only when it may.</summary>
    private sealed class SlowHasher(IOptions<PasswordHasherOptions> options) : PasswordHasher<Account>(options)
    {
        public const string Slow = "slow";

        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Go { get; } = new();

        /// <summary>Completes when it verifies that password.</summary>
        public Task Waits => _waits.Task;

        public override PasswordVerificationResult VerifyHashedPassword(
            Account user, string hashedPassword, string providedPassword)
        {
            if (providedPassword == Slow)
            {
                _waits.TrySetResult();
                Go.Wait(TimeSpan.FromMinutes(1));
            }

            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
