using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>Attempts per day, stacked by outcome, as bars within <see cref="Width"/> by <see cref="Height"/> units.</summary>
/// <param name="counts">The attempts of the last <see cref="Days"/> days.</param>
/// <param name="now">The last day is this one, in UTC.</param>
public sealed class AttemptChart(IReadOnlyList<AttemptCount> counts, DateTimeOffset now)
{
    public const int Days = 30;
    public const int Width = 600;
    public const int Height = 120;

    /// <summary>The upper end of the highest bar.</summary>
    public const int Top = 8;

    private const int Gap = 4;

    public static DateOnly DayOf(long day) => DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(day));

    public long LastDay => now.ToUnixTimeMilliseconds() / 86_400_000;

    public long Total => counts.Sum(c => c.Attempts);

    /// <summary>The attempts of the worst day.</summary>
    public long Highest => counts.GroupBy(c => c.Day).Select(day => day.Sum(c => c.Attempts)).DefaultIfEmpty().Max();

    /// <summary>The outcomes that occurred, in stacking order.</summary>
    public IEnumerable<LoginOutcome> Outcomes =>
        Enum.GetValues<LoginOutcome>().Where(outcome => counts.Any(c => c.Outcome == outcome.ToString()));

    /// <summary>The days with attempts, latest first.</summary>
    public IEnumerable<long> DaysWithAttempts => counts.Select(c => c.Day).Distinct().OrderDescending();

    public long Of(long day, LoginOutcome outcome) =>
        counts.Where(c => c.Day == day && c.Outcome == outcome.ToString()).Sum(c => c.Attempts);

    public IEnumerable<Bar> Bars()
    {
        const int Slot = Width / Days;
        foreach (var day in DaysWithAttempts)
        {
            double top = Height;
            foreach (var outcome in Outcomes)
            {
                var attempts = Of(day, outcome);
                if (attempts == 0)
                    continue;
                // One attempt stays visible beside a million
                var height = Math.Max(2, (double)attempts / Highest * (Height - Top));
                top -= height;
                var x = (int)(day - LastDay + Days - 1) * Slot;
                var text = $"{TimeWords.Day(DayOf(day))}: {attempts} {outcome.InWords()}";
                yield return new Bar(x, Math.Max(0, top), Slot - Gap, height, outcome, text);
            }
        }
    }

    public sealed record Bar(int X, double Y, int Width, double Height, LoginOutcome Outcome, string Text);
}
