namespace SentinelCam.Configuration;

/// <summary>A configuration value that keeps SentinelCam from starting. The message is one line for the operator.</summary>
/// <param name="key">The key as the documentation names it, such as <c>Smtp:Port</c>.</param>
/// <param name="value">The configured value, or null if it is not set. Never a secret.</param>
/// <param name="allowed">The accepted values, in words.</param>
public sealed class ConfigurationException(string key, string? value, string allowed)
    : Exception($"{key} is {(value is null ? "not set" : $"\"{value}\"")}. Allowed: {allowed}")
{
    /// <summary>The accepted values, in words.</summary>
    public string Allowed { get; } = allowed;
}
