using Microsoft.AspNetCore.Identity;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>
/// Where passkeys work. A browser ties each to one host name, and offers them over TLS or on its own machine only.
/// </summary>
public static class PasskeyAddress
{
    private const string ThisMachine = "localhost";

    /// <summary>Why passkeys do not work at the address of this request, in words for a visitor; null if they do.</summary>
    public static string? ProblemOf(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Request;
        var site = context.RequestServices.GetRequiredService<SiteOptions>();
        var host = request.Host.Host;
        if (Uri.CheckHostName(host) is not UriHostNameType.Dns)
        {
            return "Passkeys do not work here, because browsers tie them to a name and this address is a number. "
                + (site.Address is { } named ? $"Open {named} instead." : "Open SentinelCam by its name, with https.");
        }

        if (!request.IsHttps && host != ThisMachine)
            return "Passkeys do not work here, because this page came over plain HTTP. Use an address that begins with https.";
        return site.Address is { } address && OriginOf(request) != OriginOf(site.PublicUrl!)
            ? $"Passkeys work only at {address}."
            : null;
    }

    /// <summary>
    /// Whether a passkey's answer was made for the page of this request. Identity would compare with the request's Origin header,
    /// which an attacker who passes the answer on can set.
    /// </summary>
    public static ValueTask<bool> IsOwnAsync(PasskeyOriginValidationContext answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ValueTask.FromResult(!answer.CrossOrigin && answer.TopOrigin is null
            && answer.Origin == OriginOf(answer.HttpContext.Request) && ProblemOf(answer.HttpContext) is null);
    }

    /// <summary>As browsers write it: in lower case, an international name in ASCII, without the scheme's own port.</summary>
    private static string OriginOf(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host.ToUriComponent()}", UriKind.Absolute, out var url) ? OriginOf(url) : "";

    private static string OriginOf(Uri url) => url.IsDefaultPort
        ? $"{url.Scheme}://{url.IdnHost}"
        : FormattableString.Invariant($"{url.Scheme}://{url.IdnHost}:{url.Port}");
}
