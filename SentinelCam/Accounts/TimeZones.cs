namespace SentinelCam.Accounts;

/// <summary>The time zones that an owner can choose from.</summary>
public static class TimeZones
{
    private static readonly Lazy<IReadOnlyList<string>> All = new(() =>
        [.. TimeZoneInfo.GetSystemTimeZones().Select(IanaId).OfType<string>().Distinct().Order(StringComparer.Ordinal)]);

    /// <summary>Their IANA ids, sorted. Empty if the system has no time zone data.</summary>
    public static IReadOnlyList<string> Ids => All.Value;

    /// <summary>The time zone with an id; the server's for null, and for an id that the system no longer knows.</summary>
    public static TimeZoneInfo Find(string? id) =>
        id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Local;

    private static string? IanaId(TimeZoneInfo zone) =>
        zone.HasIanaId ? zone.Id : TimeZoneInfo.TryConvertWindowsIdToIanaId(zone.Id, out var id) ? id : null;
}
