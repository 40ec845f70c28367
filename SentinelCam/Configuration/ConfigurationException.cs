namespace SentinelCam.Configuration;

/// <summary>A configured value is wrong. The message is one readable line, fit to be the last thing on a console.</summary>
/// <param name="key">The key as it is written in the documentation, for example <c>Smtp:Port</c>.</param>
/// <param name="value">The value that was found; never a secret.</param>
/// <param name="allowed">What is allowed, in words.</param>
public sealed class ConfigurationException(string key, string? value, string allowed) : Exception($"{key} is \"{value}\". Allowed: {allowed}");
