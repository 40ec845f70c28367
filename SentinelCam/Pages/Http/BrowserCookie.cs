using System.Globalization;
using SentinelCam.Accounts;
using SentinelCam.Configuration;

namespace SentinelCam.Pages;

/// <summary>
/// The cookie by which <see cref="KnownBrowsers"/> recognizes a browser: one for each account, so that the cookie of one says
/// nothing about another.
/// </summary>
internal static class BrowserCookie
{
    /// <summary>The key in the cookie of an account; null without one.</summary>
    public static string? KeyFor(HttpContext context, long accountId)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Request.Cookies[NameFor(context, accountId)];
    }

    /// <summary>Makes the browser known to an account that signs in, under a new key.</summary>
    public static async Task RenewAsync(HttpContext context, long accountId, string securityStamp)
    {
        ArgumentNullException.ThrowIfNull(context);
        var key = await context.RequestServices.GetRequiredService<KnownBrowsers>()
            .RenewAsync(accountId, securityStamp, KeyFor(context, accountId));
        if (key is null)
            return;
        context.Response.Cookies.Append(NameFor(context, accountId), key, new CookieOptions
        {
            HttpOnly = true,
            Secure = context.Request.IsHttps,
            // Strict would leave it out where somebody comes from a link in a mail and signs in
            SameSite = SameSiteMode.Lax,
            MaxAge = KnownBrowsers.Lifetime,
            IsEssential = true,
        });
    }

    private static string NameFor(HttpContext context, long accountId) => string.Create(CultureInfo.InvariantCulture,
        $"SentinelCam.{context.RequestServices.GetRequiredService<DataDirectory>().InstanceName}.Browser.{accountId}");
}
