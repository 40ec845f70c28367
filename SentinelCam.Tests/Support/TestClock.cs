using Microsoft.Extensions.Time.Testing;

namespace SentinelCam.Tests.Support;

/// <summary>Clocks that stand still until a test moves them.</summary>
public static class TestClock
{
    /// <summary>The time at which most tests begin.</summary>
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A clock that shows <see cref="Noon"/>.</summary>
    public static FakeTimeProvider AtNoon() => new(Noon);

    /// <summary>Moves the clock minute by minute, so that due work is looked for each time.</summary>
    public static void AdvanceMinutes(this FakeTimeProvider clock, int minutes)
    {
        for (var i = 0; i < minutes; i++)
            clock.Advance(TimeSpan.FromMinutes(1));
    }

    /// <summary>
    /// Moves the clock as a machine that sleeps does: afterwards every timer fires once.
    /// </summary>
    /// <remarks>Without this, days take long: <c>Advance</c> fires the timers of each minute.</remarks>
    public static void Sleep(this FakeTimeProvider clock, TimeSpan time)
    {
        var minute = TimeSpan.FromMinutes(1);
        clock.AdjustTime(clock.GetUtcNow() + time - minute);
        clock.Advance(minute);
    }
}
