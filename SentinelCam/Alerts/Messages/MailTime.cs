using System.Globalization;

namespace SentinelCam.Alerts;

/// <summary>
/// Times as mails state them: <c>Monday, 23 November 2026 at 20:30:05 (Europe/Berlin, UTC+01:00)</c>. The offset is there because
/// the zone alone is ambiguous in the hour that repeats when clocks are set back.
/// </summary>
internal static class MailTime
{
    public static string ToTheSecond(DateTimeOffset time, TimeZoneInfo zone) => Text(time, zone, "HH:mm:ss");

    public static string ToTheMinute(DateTimeOffset time, TimeZoneInfo zone) => Text(time, zone, "HH:mm");

    /// <summary>The time of day, after <see cref="ToTheSecond"/> of an earlier time; with the day if it is another one.</summary>
    public static string AfterTheFirst(DateTimeOffset time, DateTimeOffset first, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone);
        var sameDay = local.Date == TimeZoneInfo.ConvertTime(first, zone).Date;
        return local.ToString(sameDay ? "HH:mm:ss" : "d MMMM 'at' HH:mm:ss", CultureInfo.InvariantCulture);
    }

    private static string Text(DateTimeOffset time, TimeZoneInfo zone, string clock)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone);
        var offset = local.ToString("zzz", CultureInfo.InvariantCulture);
        var zoneText = zone.Id is "UTC" or "Etc/UTC" ? "UTC" : $"{zone.Id}, UTC{offset}";
        return $"{local.ToString($"dddd, d MMMM yyyy 'at' {clock}", CultureInfo.InvariantCulture)} ({zoneText})";
    }
}
