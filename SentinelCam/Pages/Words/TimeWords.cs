using System.Globalization;

namespace SentinelCam.Pages;

/// <summary>Times and days as people say them. <c>site.js</c> writes the same in the browser's time zone.</summary>
public static class TimeWords
{
    /// <summary>A day of the calendar: <c>3 Jan 2030</c>.</summary>
    public static string Day(DateOnly day) => day.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>The exact time: <c>3 Jan 2030 at 13:00:00.250 UTC</c>.</summary>
    public static string Exact(DateTimeOffset time) =>
        time.UtcDateTime.ToString("d MMM yyyy 'at' HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>How long ago something happened: <c>5 minutes ago</c>. Null after a day, when the day says more.</summary>
    public static string? Ago(TimeSpan age) => age switch
    {
        { TotalSeconds: < 60 } => "just now",
        { TotalMinutes: < 2 } => "1 minute ago",
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} minutes ago"),
        { TotalHours: < 2 } => "1 hour ago",
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} hours ago"),
        _ => null,
    };

    /// <summary>A length of time in the largest unit that fits: <c>12 hours</c>.</summary>
    public static string Of(TimeSpan length)
    {
        var (count, unit) = length.Ticks % TimeSpan.TicksPerDay == 0 ? (length.TotalDays, "day")
            : length.Ticks % TimeSpan.TicksPerHour == 0 ? (length.TotalHours, "hour")
            : (Math.Round(length.TotalMinutes), "minute");
        return string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
    }

    /// <summary>As <see cref="Say"/>, but without the day if it is today: <c>at 13:00</c>.</summary>
    public static string Clock(DateTimeOffset time, TimeZoneInfo zone, DateTimeOffset now)
    {
        var words = Say(time, zone, now);
        return words.StartsWith("today ", StringComparison.Ordinal) ? words["today ".Length..] : words;
    }

    /// <summary>A time as people say it: <c>today at 13:00</c>, <c>3 Jan at 13:00</c>, <c>3 Jan 2029 at 13:00</c>.</summary>
    /// <param name="time">What to say.</param>
    /// <param name="zone">The reader's time zone.</param>
    /// <param name="now">Decides which day is today, and which year need not be named.</param>
    /// <param name="seconds">Whether the seconds matter.</param>
    public static string Say(DateTimeOffset time, TimeZoneInfo zone, DateTimeOffset now, bool seconds = false)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone);
        return $"{DayOf(time, zone, now)} at {local.ToString(seconds ? "HH:mm:ss" : "HH:mm", CultureInfo.InvariantCulture)}";
    }

    /// <summary>The day of a time as people say it: <c>today</c>, <c>yesterday</c>, <c>3 Jan</c>, <c>3 Jan 2029</c>.</summary>
    public static string DayOf(DateTimeOffset time, TimeZoneInfo zone, DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone);
        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        return (local.Date - today).Days switch
        {
            0 => "today",
            -1 => "yesterday",
            1 => "tomorrow",
            _ => local.ToString(local.Year == today.Year ? "d MMM" : "d MMM yyyy", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>The time of day: <c>13:00</c>, or with seconds <c>13:00:25</c>.</summary>
    public static string Hour(DateTimeOffset time, TimeZoneInfo zone, bool seconds = false) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString(seconds ? "HH:mm:ss" : "HH:mm", CultureInfo.InvariantCulture);
}
