using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace SentinelCam.Cameras;

/// <summary>A camera's user name and password, and how it wants to be told them. Not thread-safe.</summary>
/// <remarks>
/// Digest is preferred, as in RFC 7616, with MD5 or SHA-256. Challenges are parsed leniently: names and values may be quoted or
/// not, and a camera that refuses without a challenge is tried with Basic.
/// </remarks>
internal sealed partial class CameraCredentials(string user, string password)
{
    private const string Basic = "Basic";
    private const string Digest = "Digest";

    private Dictionary<string, string>? _challenge;
    private bool _isBasic;
    private int _uses;

    /// <summary>Reads the credentials in an address. Null if there are none.</summary>
    public static CameraCredentials? Of(Uri address)
    {
        if (address.UserInfo.Length == 0)
            return null;
        var parts = address.UserInfo.Split(':', 2);
        return new CameraCredentials(
            Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
    }

    /// <summary>The header for a GET request, from what the camera last asked for. Null if it has not asked yet.</summary>
    public string? Header(string pathAndQuery) =>
        _challenge is { } challenge ? DigestHeader(challenge, pathAndQuery)
        : _isBasic ? $"{Basic} {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}"
        : null;

    /// <summary>Takes up the challenges of a refusal.</summary>
    /// <param name="challenges">The values of WWW-Authenticate.</param>
    /// <param name="tried">The schemes that were tried with this request. The next one is added.</param>
    /// <returns>Whether there is another way to try.</returns>
    public bool TakeUp(IReadOnlyList<string> challenges, ISet<string> tried)
    {
        ArgumentNullException.ThrowIfNull(challenges);
        var digest = challenges.Select(ParseDigest).FirstOrDefault(challenge => challenge is not null);
        if (digest is not null && tried.Add(Digest))
        {
            (_challenge, _isBasic, _uses) = (digest, false, 0);
            return true;
        }
        if ((digest is null || challenges.Any(OffersBasic)) && tried.Add(Basic))
        {
            (_challenge, _isBasic) = (null, true);
            return true;
        }
        return false;
    }

    private static bool OffersBasic(string challenge) => BasicScheme().IsMatch(challenge);

    /// <summary>The parameters of the first Digest challenge that can be met, or null if there is none.</summary>
    private static Dictionary<string, string>? ParseDigest(string challenges) => DigestScheme().Split(challenges).Skip(1)
        .Select(Parameters)
        .FirstOrDefault(values => values.ContainsKey("nonce")
            && Algorithm(values) is "MD5" or "MD5-SESS" or "SHA-256" or "SHA-256-SESS");

    private static Dictionary<string, string> Parameters(string challenge)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        // The first of each name: a challenge of another scheme may follow
        foreach (Match match in Parameter().Matches(challenge))
            values.TryAdd(match.Groups[1].Value, match.Groups[2].Success ? match.Groups[2].Value : match.Groups[3].Value);
        return values;
    }

    private static string Algorithm(Dictionary<string, string> challenge) =>
        challenge.TryGetValue("algorithm", out var algorithm) && algorithm.Length > 0 ? algorithm.ToUpperInvariant() : "MD5";

    private string DigestHeader(Dictionary<string, string> challenge, string uri)
    {
        var algorithm = Algorithm(challenge);
        var (realm, nonce) = (challenge.GetValueOrDefault("realm", ""), challenge["nonce"]);
        var client = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var count = (++_uses).ToString("x8", CultureInfo.InvariantCulture);
        var secret = Hash($"{user}:{Escaped().Replace(realm, "$1")}:{password}");
        if (algorithm.EndsWith("-SESS", StringComparison.Ordinal))
            secret = Hash($"{secret}:{nonce}:{client}");
        var request = Hash($"GET:{uri}");
        var protection = challenge.GetValueOrDefault("qop", "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Any(word => word.Equals("auth", StringComparison.OrdinalIgnoreCase));
        var response = protection
            ? Hash($"{secret}:{nonce}:{count}:{client}:auth:{request}")
            : Hash($"{secret}:{nonce}:{request}");
        var header = new StringBuilder($"{Digest} username=\"{Escape(user)}\", realm=\"{realm}\", nonce=\"{nonce}\"");
        header.Append(CultureInfo.InvariantCulture, $", uri=\"{uri}\"");
        header.Append(CultureInfo.InvariantCulture, $", response=\"{response}\"");
        if (challenge.TryGetValue("algorithm", out var named))
            header.Append(CultureInfo.InvariantCulture, $", algorithm={named}");
        if (challenge.TryGetValue("opaque", out var opaque))
            header.Append(CultureInfo.InvariantCulture, $", opaque=\"{opaque}\"");
        if (protection)
            header.Append(CultureInfo.InvariantCulture, $", qop=auth, nc={count}, cnonce=\"{client}\"");
        else if (algorithm.EndsWith("-SESS", StringComparison.Ordinal))
            header.Append(CultureInfo.InvariantCulture, $", cnonce=\"{client}\"");
        return header.ToString();

#pragma warning disable CA5351 // required by the protocol
        string Hash(string text) => Convert.ToHexStringLower(algorithm.StartsWith("MD5", StringComparison.Ordinal)
            ? MD5.HashData(Encoding.UTF8.GetBytes(text))
            : SHA256.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
    }

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    [GeneratedRegex(@"\bDigest\s", RegexOptions.IgnoreCase)]
    private static partial Regex DigestScheme();

    [GeneratedRegex(@"(?:^|,)\s*Basic\b", RegexOptions.IgnoreCase)]
    private static partial Regex BasicScheme();

    [GeneratedRegex("""([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))""")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();
}
