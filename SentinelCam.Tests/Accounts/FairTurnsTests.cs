using SentinelCam.Accounts;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Accounts;

/// <summary>Turns are given to networks one after another, and known visitors do not wait behind strangers.</summary>
public class FairTurnsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_take_turns_so_that_a_long_one_delays_nobody_else()
    {
        using var turns = new FairTurns(forStrangers: 1, keptFree: 0);
        var first = await turns.WaitAsync(Stranger("203.0.113.1"), Cancelled);
        var many = Enumerable.Range(0, 30).Select(_ => turns.WaitAsync(Stranger("203.0.113.1"), Cancelled)).ToList();
        var other = turns.WaitAsync(Stranger("203.0.113.2"), Cancelled);

        first!.Dispose();
        var next = await other;
        Assert.DoesNotContain(many, task => task.IsCompleted);
        next!.Dispose();

        foreach (var turn in many)
            (await turn)!.Dispose();
    }

    [Fact]
    public async Task Known_visitor_gets_the_place_that_strangers_leave_free()
    {
        using var turns = new FairTurns(forStrangers: 1, keptFree: 1);
        var stranger = await turns.WaitAsync(Stranger("203.0.113.1"), Cancelled);
        var waiting = turns.WaitAsync(Stranger("203.0.113.2"), Cancelled);

        using var known = await turns.WaitAsync(Known(1), Cancelled);

        Assert.NotNull(known);
        Assert.False(waiting.IsCompleted);
        stranger!.Dispose();
        (await waiting)!.Dispose();
    }

    [Fact]
    public async Task Known_visitor_is_next_where_no_place_is_kept_free()
    {
        using var turns = new FairTurns(forStrangers: 1, keptFree: 0);
        var stranger = await turns.WaitAsync(Stranger("203.0.113.1"), Cancelled);
        var strangers = Enumerable.Range(0, 20).Select(i => turns.WaitAsync(Stranger($"198.51.100.{i}"), Cancelled)).ToList();
        var known = turns.WaitAsync(Known(1), Cancelled);

        stranger!.Dispose();
        (await known)!.Dispose();

        foreach (var turn in strangers)
            (await turn)!.Dispose();
    }

    [Fact]
    public async Task Full_line_gives_no_turn_until_someone_has_left_it()
    {
        using var turns = new FairTurns(forStrangers: 1, keptFree: 1, maxWaiting: 2);
        var first = await turns.WaitAsync(Stranger("2001:db8:1:2::1"), Cancelled);
        // Another address of the same customer
        var second = turns.WaitAsync(Stranger("2001:db8:1:3::1"), Cancelled);
        using var tooLong = new CancellationTokenSource();
        var third = turns.WaitAsync(Stranger("2001:db8:1:2::2"), tooLong.Token);
        Assert.Null(await turns.WaitAsync(Stranger("2001:db8:1:2::3"), Cancelled));

        await tooLong.CancelAsync();
        Assert.Null(await third);
        var fourth = turns.WaitAsync(Stranger("2001:db8:1:2::4"), Cancelled);

        first!.Dispose();
        (await second)!.Dispose();
        (await fourth)!.Dispose();
        (await turns.WaitAsync(Stranger("2001:db8:1:2::1"), Cancelled))!.Dispose();
    }

    private static VisitorLine Stranger(string address) => VisitorLine.OfStranger(new Visitor(address, "", false));

    private static VisitorLine Known(long browser) => VisitorLine.OfBrowser(browser);
}
