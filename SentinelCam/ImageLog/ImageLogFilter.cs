using Microsoft.EntityFrameworkCore;
using SentinelCam.LoginAttempts;

namespace SentinelCam.ImageLog;

/// <summary>Which entries to show. Everything empty: all.</summary>
/// <param name="Text">Part of account, address or user agent, in any case (of ASCII letters).</param>
/// <param name="Trigger">What asked for the picture.</param>
/// <param name="Outcome">Why the attempt failed.</param>
/// <param name="From">First day, UTC.</param>
/// <param name="To">Last day, UTC.</param>
public sealed record ImageLogFilter(string? Text = null, CaptureTrigger? Trigger = null, LoginOutcome? Outcome = null, DateOnly? From = null, DateOnly? To = null)
{
    public const int MaxTextLength = 200;

    public bool IsEmpty => this == new ImageLogFilter();

    public IQueryable<ImageLogEntry> Apply(IQueryable<ImageLogEntry> entries)
    {
        if (!string.IsNullOrWhiteSpace(Text))
        {
            var pattern = $"%{Escaped(Text.Trim())}%";
            entries = entries.Where(e => e.LoginAttempt != null
                && (EF.Functions.Like(e.LoginAttempt.AccountTyped, pattern, "\\")
                    || EF.Functions.Like(e.LoginAttempt.RemoteAddress, pattern, "\\")
                    || EF.Functions.Like(e.LoginAttempt.UserAgent, pattern, "\\")));
        }

        if (Trigger is { } trigger)
            entries = entries.Where(e => e.Trigger == trigger);
        if (Outcome is { } outcome)
            entries = entries.Where(e => e.LoginAttempt != null && e.LoginAttempt.Outcome == outcome);
        if (From is { } from)
        {
            var start = StartOf(from);
            entries = entries.Where(e => e.At >= start);
        }

        if (To is { } to && to < DateOnly.MaxValue)
        {
            var end = StartOf(to.AddDays(1));
            entries = entries.Where(e => e.At < end);
        }

        return entries;
    }

    private static DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
