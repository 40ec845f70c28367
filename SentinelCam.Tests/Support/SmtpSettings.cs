namespace SentinelCam.Tests.Support;

/// <summary>Configuration for a mail server of a test.</summary>
public static class SmtpSettings
{
    /// <summary>A server on loopback without TLS or sign-in.</summary>
    public static (string Key, string? Value)[] For(int port) =>
        [("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{port}"), ("Smtp:Security", "None"), ("Smtp:From", "cam@example.org")];
}
