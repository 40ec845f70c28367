namespace SentinelCam.Configuration;

/// <summary>A configuration value that SentinelCam cannot start with. The message is one line for the operator.</summary>
/// <param name="key">The key as the documentation names it, such as <c>Smtp:Port</c>.</param>
/// <param name="value">The value found, null where there is none; never a secret.</param>
/// <param name="allowed">What would be accepted, in words.</param>
public sealed class ConfigurationException(string key, string? value, string allowed)
    : Exception($"{key} is {(value is null ? "not set" : $"\"{value}\"")}. Allowed: {allowed}")
{
    /// <summary>What would be accepted, in words.</summary>
    public string Allowed { get; } = allowed;
}
