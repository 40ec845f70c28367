using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Jobs;
using SentinelCam.People;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Nobody can block registration by asking for accounts.</summary>
public sealed class WaitingRequestsTests : IAsyncLifetime
{
    private const string TooMany = "Too many new accounts are waiting";
    private const string Thanks = "An administrator must approve your account";

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private SentinelCamApp _app = null!;
    private WebVisitor _visitor = null!;
    private int _asked;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, ("ForwardedHeaders_Enabled", "true"));
        (await _app.RegisterAnnAsync()).Dispose();
        _visitor = _app.Visit();
    }

    public async ValueTask DisposeAsync()
    {
        _visitor.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9", "203.0.113.10")]
    [InlineData("2001:db8:1::1", "2001:db8:1:2::9", "2001:db8:2::1")]
    [InlineData("x", "\"", "203.0.113.10")]
    public async Task One_network_fills_ten_places_and_others_still_register(string attacker, string sameNetwork, string other)
    {
        for (var i = 0; i < WaitingRequests.MaxPerNetwork; i++)
            Assert.Contains(Thanks, await AskAsync(attacker), StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
            Assert.Contains(TooMany, await AskAsync(i % 2 == 0 ? attacker : sameNetwork), StringComparison.Ordinal);

        Assert.Contains(Thanks, await AskAsync(other), StringComparison.Ordinal);
        Assert.Equal(1 + WaitingRequests.MaxPerNetwork + 1, await _app.ReadAsync(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task Unanswered_requests_expire_after_a_week_and_suspended_accounts_stay()
    {
        var suspended = await _app.AddAccountAsync("Bob", Household.Bobs);
        await SuspendAsync(suspended);
        for (var i = 0; i < WaitingRequests.MaxPerNetwork; i++)
            await AskAsync("203.0.113.9");
        _clock.Sleep(TimeSpan.FromDays(6.9));
        Assert.Contains(TooMany, await AskAsync("203.0.113.9"), StringComparison.Ordinal);

        _clock.Sleep(TimeSpan.FromHours(4));
        Assert.Contains(Thanks, await AskAsync("203.0.113.9"), StringComparison.Ordinal);
        await RunRetentionAsync();

        Assert.Equal(3, await _app.ReadAsync(db => db.Users.CountAsync()));
        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == suspended)));
        Assert.Contains("requests for an account expired", _app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approving_and_removing_make_room_and_an_approved_account_never_expires()
    {
        for (var i = 0; i < WaitingRequests.MaxPerNetwork; i++)
            await AskAsync("203.0.113.9");
        await _app.ApproveAsync("asker1@example.org");
        Assert.Contains(Thanks, await AskAsync("203.0.113.9"), StringComparison.Ordinal);
        Assert.Contains(TooMany, await AskAsync("203.0.113.9"), StringComparison.Ordinal);

        await SuspendAsync(await _app.ReadAsync(
            db => db.Users.Where(a => a.Email == "asker1@example.org").Select(a => a.Id).SingleAsync()));
        _clock.Sleep(TimeSpan.FromDays(30));
        await RunRetentionAsync();

        Assert.Equal(["ann@example.org", "asker1@example.org"],
            await _app.ReadAsync(db => db.Users.OrderBy(a => a.Id).Select(a => a.Email!).ToListAsync()));
    }

    [Fact]
    public async Task The_number_of_requests_until_the_refusal_does_not_reveal_who_has_an_account()
    {
        // Three for addresses that have an account take as many places as three for others
        for (var i = 0; i < 3; i++)
            Assert.Contains(Thanks, await AskAsync("203.0.113.9", SentinelCamApp.AnnsEmail), StringComparison.Ordinal);
        for (var i = 0; i < WaitingRequests.MaxPerNetwork - 3; i++)
            Assert.Contains(Thanks, await AskAsync("203.0.113.9"), StringComparison.Ordinal);

        Assert.Contains(TooMany, await AskAsync("203.0.113.9"), StringComparison.Ordinal);
        Assert.Contains(TooMany, await AskAsync("203.0.113.9", SentinelCamApp.AnnsEmail), StringComparison.Ordinal);
    }

    private async Task<string> AskAsync(string address, string? email = null)
    {
        var form = await _visitor.GetAsync("/register", ("X-Forwarded-For", address));
        var answer = await _visitor.SubmitAsync(
            form, new { UserName = "Asker", Email = email ?? $"asker{++_asked}@example.org", SentinelCamApp.Password }, null,
            ("X-Forwarded-For", address));
        // The limit of requests a minute is another one
        _clock.Advance(TimeSpan.FromSeconds(10));
        return answer.Main;
    }

    private async Task SuspendAsync(long id)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        Assert.Equal(AdministrationOutcome.Done,
            await scope.ServiceProvider.GetRequiredService<AccountAdministration>().SuspendAsync(id));
    }

    private async Task RunRetentionAsync()
    {
        await using var scope = _app.Services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider)
            .RunAsync(TestContext.Current.CancellationToken);
    }
}
