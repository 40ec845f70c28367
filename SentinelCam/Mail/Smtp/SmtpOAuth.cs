using SentinelCam.Configuration;

namespace SentinelCam.Mail;

/// <summary>The configuration section <c>Smtp:OAuth</c>: sign-in with XOAUTH2 instead of a password.</summary>
/// <param name="ClientId">The application's id at the provider.</param>
/// <param name="ClientSecret">The application's secret.</param>
/// <param name="RefreshToken">Stands for the consent of the mailbox's owner; exchanged for short-lived access tokens.</param>
/// <param name="TokenEndpoint">The provider's endpoint that issues access tokens.</param>
public sealed record SmtpOAuth(string ClientId, string ClientSecret, string RefreshToken, Uri TokenEndpoint)
{
    private const string Google = "https://oauth2.googleapis.com/token";
    private const string Microsoft = "https://login.microsoftonline.com/common/oauth2/v2.0/token";

    private static readonly string[] Keys = ["ClientId", "ClientSecret", "RefreshToken", "TokenEndpoint"];

    /// <summary>Reads and checks the section.</summary>
    /// <returns>The options, or null if none of the keys is set.</returns>
    /// <exception cref="ConfigurationException">A value is missing or invalid.</exception>
    public static SmtpOAuth? Read(IConfiguration configuration, string? host)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Array.TrueForAll(Keys, key => string.IsNullOrWhiteSpace(configuration["Smtp:OAuth:" + key]))
            ? null
            : new SmtpOAuth(
                Required("ClientId", "the application's client id"),
                Required("ClientSecret",
                    "the application's client secret, in the environment variable Smtp__OAuth__ClientSecret or in user secrets"),
                Required("RefreshToken",
                    "the mailbox's refresh token, in the environment variable Smtp__OAuth__RefreshToken or in user secrets"),
                Endpoint(configuration, host));

        string Required(string key, string what) =>
            configuration["Smtp:OAuth:" + key] is { } value && !string.IsNullOrWhiteSpace(value)
                ? value.Trim()
                : throw new ConfigurationException("Smtp:OAuth:" + key, null,
                    what + ". It is required because another key of Smtp:OAuth is set.");
    }

    /// <summary>A description without the secrets.</summary>
    public override string ToString() => $"XOAUTH2 with tokens from {TokenEndpoint.Host}";

    private static Uri Endpoint(IConfiguration configuration, string? host)
    {
        const string Key = "Smtp:OAuth:TokenEndpoint";
        var text = configuration[Key]?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            text = IsHostOf(host, "gmail.com", "googlemail.com", "google.com") ? Google
                : IsHostOf(host, "office365.com", "outlook.com", "hotmail.com") ? Microsoft
                : throw new ConfigurationException(Key, null,
                    "the https:// address of the provider's token endpoint. Only those of Google and Microsoft are built in.");
        }

        // The client secret is sent to this address
        return Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.UserInfo.Length == 0
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? uri
            : throw new ConfigurationException(Key, text,
                "an https:// address (http:// only for this machine) without a user name.");
    }

    private static bool IsHostOf(string? host, params string[] domains) => Array.Exists(domains, domain =>
        host is not null
        && (host.Equals(domain, StringComparison.OrdinalIgnoreCase)
            || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)));
}
