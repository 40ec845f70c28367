using System.Globalization;
using System.Text.Json;
using Hangfire.Common;
using Hangfire.Storage;

namespace SentinelCam.HangfireSqlite;

/// <summary>How times, ids, dictionaries and jobs are kept in columns.</summary>
internal static class StoredValues
{
    public static long ToStored(this DateTimeOffset time) => time.UtcTicks - DateTime.UnixEpoch.Ticks;

    /// <param name="time">Taken for UTC unless it says that it is local.</param>
    public static long ToStored(this DateTime time)
    {
        var utc = time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : time;
        return utc.Ticks - DateTime.UnixEpoch.Ticks;
    }

    public static DateTime ToUtc(long stored) => new(DateTime.UnixEpoch.Ticks + stored, DateTimeKind.Utc);

    /// <returns>False for a text that no job of this storage can have as its id.</returns>
    public static bool TryParseJobId(string text, out long id) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    public static string ToText(long id) => id.ToString(CultureInfo.InvariantCulture);

    public static string? ToJson(IDictionary<string, string?>? values) =>
        values is null or { Count: 0 } ? null : JsonSerializer.Serialize(values);

    public static Dictionary<string, string?> ToDictionary(string? json) =>
        string.IsNullOrEmpty(json) ? [] : JsonSerializer.Deserialize<Dictionary<string, string?>>(json)!;

    /// <returns>Null, and the reason, when the method is no longer there.</returns>
    public static Job? TryLoad(InvocationData data, out JobLoadException? reason)
    {
        try
        {
            reason = null;
            return data.DeserializeJob();
        }
        catch (JobLoadException exception)
        {
            reason = exception;
            return null;
        }
    }
}
