namespace SentinelCam.Alerts;

/// <summary>What a mail says about attempts whose recorded times are wrong, because the clock was set later.</summary>
internal static class ClockText
{
    /// <param name="trueTime">The time, corrected.</param>
    /// <param name="zone">The zone in which to state it.</param>
    /// <param name="device">The device of the attempt; null if there is only this one.</param>
    public static string ForOne(DateTimeOffset trueTime, TimeZoneInfo zone, string? device = null) =>
        $"{WasWrong("then", device)} The true time was about {MailTime.ToTheSecond(trueTime, zone)}.";

    /// <param name="first">The first of the corrected times.</param>
    /// <param name="last">The last of them.</param>
    /// <param name="areAll">Whether all attempts of the mail have wrong times.</param>
    /// <param name="zone">The zone in which to state them.</param>
    /// <param name="device">The device of the attempts; null if there is only this one.</param>
    public static string ForSeveral(
        DateTimeOffset first, DateTimeOffset last, bool areAll, TimeZoneInfo zone, string? device = null)
    {
        var then = areAll ? "then" : "during some of these attempts";
        var (from, to) = (MailTime.ToTheSecond(first, zone), MailTime.ToTheSecond(last, zone));
        var times = from == to ? $"The true time was about {from}." : $"Their true times were from about {from} to about {to}.";
        return $"{WasWrong(then, device)} {times}";
    }

    private static string WasWrong(string then, string? device) => device is null
        ? $"This device's clock was wrong {then} and was set later."
        : $"The clock of {device} was wrong {then}.";
}
