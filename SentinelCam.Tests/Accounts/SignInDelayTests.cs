using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Accounts;

/// <summary>The growing delay for strangers, by address and network, for all accounts together.</summary>
public class SignInDelayTests
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public void Delay_of_an_address_doubles_up_to_a_quarter_of_an_hour()
    {
        var delays = new SignInDelays(_clock);
        var seconds = new List<double>();
        for (var i = 0; i < SignInDelays.FreePerAddress + 13; i++)
        {
            var wait = delays.Begin(From("203.0.113.9"));
            if (wait is { } time)
            {
                seconds.Add(time.TotalSeconds);
                _clock.Advance(time - TimeSpan.FromMilliseconds(1));
                Assert.NotNull(delays.Begin(From("203.0.113.9")));
                _clock.Advance(TimeSpan.FromMilliseconds(1));
                Assert.Null(delays.Begin(From("203.0.113.9")));
            }
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], seconds.Take(10));
        Assert.All(seconds, wait => Assert.InRange(wait, 1, SignInDelays.Longest.TotalSeconds));
    }

    [Theory]
    [InlineData("203.0.113.{0}", "203.0.113.250", "203.0.114.1")]
    [InlineData("2001:db8:7:{0}::1", "2001:db8:7:ffff::1", "2001:db8:8::1")]
    public void Network_has_a_count_of_its_own(string addresses, string neighbour, string other)
    {
        var delays = new SignInDelays(_clock);
        for (var i = 0; i < SignInDelays.FreePerNetwork; i++)
            Assert.Null(delays.Begin(From(string.Format(System.Globalization.CultureInfo.InvariantCulture, addresses, i))));

        Assert.NotNull(delays.Begin(From(neighbour)));
        Assert.Null(delays.Begin(From(other)));
    }

    [Fact]
    public void Right_passwords_are_taken_back_and_wrong_ones_are_forgotten()
    {
        var delays = new SignInDelays(_clock);
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(delays.Begin(From("203.0.113.9")));
            delays.Undo(From("203.0.113.9"));
        }

        for (var i = 0; i < SignInDelays.FreePerAddress; i++)
            Assert.Null(delays.Begin(From("203.0.113.9")));
        _clock.Advance(SignInDelays.Forgets);
        Assert.Null(delays.Begin(From("203.0.113.9")));
        Assert.NotNull(Twice(() => delays.Begin(From("203.0.113.9"))));
    }

    [Fact]
    public async Task Parallel_guesses_at_many_accounts_pass_no_limit_and_are_all_recorded_and_a_known_browser_does_not_wait()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, services =>
            services.Configure<Microsoft.AspNetCore.Identity.PasswordHasherOptions>(options => options.IterationCount = 1_000));
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        var visitors = Enumerable.Range(0, 30).Select(_ => app.Visit()).ToList();
        var forms = await Task.WhenAll(visitors.Select(visitor => visitor.GetAsync("/login")));

        var answers = await Task.WhenAll(visitors.Select((visitor, i) => visitor.SubmitAsync(
            forms[i], new { Email = i % 2 == 0 ? $"nobody{i}@example.org" : SentinelCamApp.AnnsEmail, Password = "a guess" })));

        // The last of them begins the delay
        const int Checked = SignInDelays.FreePerAddress;
        Assert.Equal(Checked, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer =>
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, "1"), (answer.Status, answer.Headers["Retry-After"]));
            Assert.Contains("Too many sign-ins from your network have failed", answer.Main, StringComparison.Ordinal);
        });
        Assert.Equal(30, await app.ReadAsync(db => db.LoginAttempts.SumAsync(a => a.Count)));
        Assert.Equal(30 - Checked,
            await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.NotChecked)));
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        visitors.ForEach(visitor => visitor.Dispose());
    }

    private static Visitor From(string address) => new(address, "Tests/1.0", false);

    private static TimeSpan? Twice(Func<TimeSpan?> begin)
    {
        begin();
        return begin();
    }
}
