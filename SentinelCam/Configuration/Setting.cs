using System.Globalization;

namespace SentinelCam.Configuration;

/// <summary>
/// Reads a configuration value. An invalid one stops the start with a line that names the key, the value and the allowed values.
/// The options binder is not used, because its errors name types instead of allowed values.
/// </summary>
public static class Setting
{
    public static TEnum Choice<TEnum>(IConfiguration configuration, string key, TEnum fallback) where TEnum : struct, Enum
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
            return fallback;
        // Enum.TryParse would also accept numbers and lists
        var names = Enum.GetNames<TEnum>();
        return Array.Find(names, name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)) is { } found
            ? Enum.Parse<TEnum>(found)
            : throw new ConfigurationException(key, text, string.Join(", ", names) + ".");
    }

    /// <summary>Something that is off unless the configuration turns it on.</summary>
    public static bool Switch(IConfiguration configuration, string key)
    {
        var text = configuration[key];
        return !string.IsNullOrWhiteSpace(text)
            && (bool.TryParse(text, out var isOn) ? isOn : throw new ConfigurationException(key, text, "true, false."));
    }

    public static TimeSpan Duration(IConfiguration configuration, string key, TimeSpan fallback, TimeSpan min, TimeSpan max)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
            return fallback;
        // TimeSpan.TryParse would read a bare number as days
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration) && duration >= min && duration <= max
            ? duration
            : throw new ConfigurationException(key, text, string.Create(
                CultureInfo.InvariantCulture, $"a duration as [days.]hours:minutes:seconds from {min:c} to {max:c}."));
    }

    public static long Bytes(IConfiguration configuration, string key, long fallback, long min)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
            return fallback;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes >= min
            ? bytes
            : throw new ConfigurationException(key, text,
                string.Create(CultureInfo.InvariantCulture, $"a whole number of bytes, at least {min}."));
    }

    public static int Whole(IConfiguration configuration, string key, int fallback, int min, int max)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
            return fallback;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max
            ? number
            : throw new ConfigurationException(key, text,
                string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}."));
    }
}
