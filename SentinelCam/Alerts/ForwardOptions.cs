using SentinelCam.Configuration;

namespace SentinelCam.Alerts;

/// <summary>The central SentinelCam that this device reports to, from <c>Forward:Url</c> and <c>Forward:Token</c>.</summary>
public sealed class ForwardOptions
{
    private const string UrlKey = "Forward:Url", TokenKey = "Forward:Token";

    /// <summary>The length of a token: 32 bytes in Base64.</summary>
    private const int TokenLength = 43;

    private ForwardOptions(Uri? url, string? token) => (Url, Token) = (url, token);

    /// <summary>Where the central SentinelCam is; null if this one reports to nobody.</summary>
    public Uri? Url { get; }

    /// <summary>The secret with which this device proves who it is; null without <see cref="Url"/>.</summary>
    public string? Token { get; }

    /// <exception cref="ConfigurationException">A value is invalid, or one is there without the other.</exception>
    public static ForwardOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var (address, token) = (configuration[UrlKey]?.Trim() ?? "", configuration[TokenKey]?.Trim() ?? "");
        if (address.Length == 0 && token.Length == 0)
            return new(null, null);
        // The token travels with each report. What stands before an @ may be a password
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url is not { UserInfo: "", PathAndQuery: "/", Fragment: "" }
            || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            throw new ConfigurationException(UrlKey, address.Contains('@', StringComparison.Ordinal) ? "(hidden)" : address,
                "the https:// address of the central SentinelCam without a path, such as https://cam.example.org; "
                + "http:// only for this machine itself.");
        }

        return token.Length == TokenLength && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? new(url, token)
            : throw new ConfigurationException(TokenKey, token.Length == 0 ? "(empty)" : "(hidden)",
                "the token that the central SentinelCam showed when this device was enrolled.");
    }
}
