using SentinelCam.Configuration;

namespace SentinelCam.Visitors;

/// <summary>The address under which visitors reach the site, from <c>Site:PublicUrl</c>.</summary>
/// <param name="PublicUrl">Without a path; null if it is not set, and the site is where each request says it is.</param>
public sealed record SiteOptions(Uri? PublicUrl)
{
    private const string Key = "Site:PublicUrl";

    /// <summary>The names of this machine, under which probes and people at the machine reach the site.</summary>
    private static readonly string[] LocalNames = ["localhost", "127.0.0.1", "[::1]"];

    /// <exception cref="ConfigurationException">The value is not an address, or has a path.</exception>
    public static SiteOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var text = configuration[Key]?.Trim();
        if (string.IsNullOrEmpty(text))
            return new SiteOptions((Uri?)null);
        if (Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" && url is { UserInfo: "", Fragment: "" })
        {
            return url.PathAndQuery == "/"
                ? new SiteOptions(url)
                : throw new ConfigurationException(Key, text,
                    "an address without a path, such as https://cam.example.org: SentinelCam does not work below a path, so give "
                    + "it a host name or a port of its own.");
        }

        // What stands before an @ may be a password
        throw new ConfigurationException(Key, text.Contains('@', StringComparison.Ordinal) ? "(hidden)" : text,
            "an address such as https://cam.example.org or https://example.org:8443.");
    }

    /// <summary>What links in mails begin with, without a trailing slash; null if it is not set.</summary>
    public string? Address => PublicUrl?.GetLeftPart(UriPartial.Authority);

    /// <summary>The same; if it is not set, the address of a request.</summary>
    public string AddressFor(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Address ?? $"{request.Scheme}://{request.Host}";
    }

    /// <summary>The names under which requests are answered, besides those that <c>AllowedHosts</c> lists.</summary>
    public IEnumerable<string> HostNames => PublicUrl is null ? [] : [HostNameOf(PublicUrl), .. LocalNames];

    /// <summary>As requests have it: an IPv6 address in brackets, and an international name in ASCII.</summary>
    private static string HostNameOf(Uri url) => url.HostNameType is UriHostNameType.IPv6 ? url.Host : url.IdnHost;

    /// <summary>Whether a request came through the proxy, or by the site's public name.</summary>
    public bool IsPublic(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PublicUrl is not null && ((context.Features.Get<Arrival>() ?? Arrival.Of(context)).IsForwarded
            || HostNameOf(PublicUrl).Equals(context.Request.Host.Host, StringComparison.OrdinalIgnoreCase));
    }
}
