namespace SentinelCam.Configuration;

/// <summary>A configured value that cannot be used; its message is the one line that stops the start.</summary>
/// <param name="key">The key, such as <c>Camera:Source</c>.</param>
/// <param name="value">The value as configured, without credentials.</param>
/// <param name="allowed">What may stand there, as a sentence.</param>
public sealed class ConfigurationException(string key, string? value, string allowed)
    : Exception($"{key} is \"{value}\". Allowed: {allowed}")
{
    public string Key { get; } = key;
}
