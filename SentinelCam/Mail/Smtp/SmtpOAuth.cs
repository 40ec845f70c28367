using SentinelCam.Configuration;

namespace SentinelCam.Mail.Smtp;

/// <summary>The configuration section <c>Smtp:OAuth</c>: sign-in by XOAUTH2 instead of a password.</summary>
/// <param name="ClientId">The application's id, as the provider gave it.</param>
/// <param name="ClientSecret">The application's secret.</param>
/// <param name="RefreshToken">The consent of the mailbox's owner, from which short-lived access tokens are made.</param>
/// <param name="TokenEndpoint">Where access tokens come from.</param>
public sealed record SmtpOAuth(string ClientId, string ClientSecret, string RefreshToken, Uri TokenEndpoint)
{
    private const string Google = "https://oauth2.googleapis.com/token";
    private const string Microsoft = "https://login.microsoftonline.com/common/oauth2/v2.0/token";

    private static readonly string[] Keys = ["ClientId", "ClientSecret", "RefreshToken", "TokenEndpoint"];

    /// <summary>Reads and checks the section.</summary>
    /// <returns>Null where none of its keys is set.</returns>
    /// <exception cref="ConfigurationException">A value is missing or wrong.</exception>
    public static SmtpOAuth? Read(IConfiguration configuration, string? host)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Array.TrueForAll(Keys, key => string.IsNullOrWhiteSpace(configuration["Smtp:OAuth:" + key]))
            ? null
            : new SmtpOAuth(
                Required("ClientId", "the application's client id"),
                Required("ClientSecret", "the application's client secret; give it in the environment variable Smtp__OAuth__ClientSecret or user secrets"),
                Required("RefreshToken", "the mailbox's refresh token; give it in the environment variable Smtp__OAuth__RefreshToken or user secrets"),
                Endpoint(configuration, host));

        string Required(string key, string what) => configuration["Smtp:OAuth:" + key] is { } value && !string.IsNullOrWhiteSpace(value)
            ? value.Trim()
            : throw new ConfigurationException("Smtp:OAuth:" + key, null, what + ", since another key of Smtp:OAuth is set");
    }

    /// <summary>Without the secrets.</summary>
    public override string ToString() => $"XOAUTH2 with tokens from {TokenEndpoint.Host}";

    private static Uri Endpoint(IConfiguration configuration, string? host)
    {
        const string Key = "Smtp:OAuth:TokenEndpoint";
        var text = configuration[Key]?.Trim();
        if (string.IsNullOrEmpty(text))
            text = IsHostOf(host, "gmail.com", "googlemail.com", "google.com") ? Google : IsHostOf(host, "office365.com", "outlook.com", "hotmail.com") ? Microsoft
                : throw new ConfigurationException(Key, null, "the https:// address of the provider's token endpoint; it is known for Google and Microsoft only");
        // The client's secret goes there
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? uri
            : throw new ConfigurationException(Key, text, "an https:// address (http:// on this machine only) without a user name");
    }

    private static bool IsHostOf(string? host, params string[] domains) => Array.Exists(domains, domain =>
        host is not null && (host.Equals(domain, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)));
}
