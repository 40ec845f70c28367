using System.Text.RegularExpressions;

namespace SentinelCam.Visitors;

/// <summary>User agents as people name browsers. They are claims: anyone can send any text.</summary>
public static partial class BrowserWords
{
    /// <summary>How many characters of an unknown user agent are shown.</summary>
    private const int MaxUnknownLength = 40;

    // Most browsers also name those that they descend from, so the order matters
    private static readonly (string Token, string Name)[] Browsers =
    [
        ("Edg", "Edge"), ("EdgA", "Edge"), ("EdgiOS", "Edge"), ("OPR", "Opera"), ("Vivaldi", "Vivaldi"),
        ("SamsungBrowser", "Samsung Internet"), ("YaBrowser", "Yandex Browser"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"),
        ("CriOS", "Chrome"), ("HeadlessChrome", "Headless Chrome"), ("Chrome", "Chrome"), ("Version", "Safari"),
    ];

    private static readonly (string Token, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows NT", "Windows"),
        ("Macintosh", "macOS"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"), ("OpenBSD", "OpenBSD"),
    ];

    /// <summary>Browser, version and system: <c>Chrome 156 on Linux</c>. Of an unknown user agent, the beginning.</summary>
    /// <param name="userAgent">As recorded, or empty.</param>
    public static string Of(string userAgent)
    {
        var shape = Shape().Match(userAgent);
        if (shape.Success && Systems.FirstOrDefault(known => Names(shape, known.Token)) is { Name: { } system })
        {
            var versions = Product().Matches(shape.Groups["products"].Value)
                .GroupBy(product => product.Groups["name"].Value)
                .ToDictionary(products => products.Key, products => products.First().Groups["version"].Value);
            foreach (var (token, name) in Browsers)
            {
                if (versions.TryGetValue(token, out var version) && (token != "Version" || versions.ContainsKey("Safari")))
                    return $"{name} {version} on {system}";
            }
        }

        return VisitorText.Clean(userAgent, MaxUnknownLength);
    }

    private static bool Names(Match shape, string system) =>
        shape.Groups["system"].Value.Contains(system, StringComparison.Ordinal);

    /// <summary>What browsers send: <c>Mozilla/5.0 (system) products</c>. Robots say "compatible".</summary>
    [GeneratedRegex(@"^Mozilla/5\.0 \((?!compatible)(?<system>[^()]*)\)(?<products> .*)$")]
    private static partial Regex Shape();

    [GeneratedRegex(@"(?<= )(?<name>[A-Za-z]+)/(?<version>[0-9]{1,4})(?![0-9])")]
    private static partial Regex Product();
}
