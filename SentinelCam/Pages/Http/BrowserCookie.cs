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
    /// <param name="context">The request.</param>
    /// <param name="accountId">Who signs in.</param>
    /// <param name="securityStamp">The account's security stamp.</param>
    /// <param name="alertId">The alert about this sign-in, if the browser is new.</param>
    /// <param name="isTrusted">Whether the password is enough in this browser for some time.</param>
    /// <returns>The alert that told the owner about this browser, now or earlier.</returns>
    public static async Task<long?> RenewAsync(
        HttpContext context, long accountId, string securityStamp, long? alertId, bool isTrusted)
    {
        ArgumentNullException.ThrowIfNull(context);
        var renewed = await context.RequestServices.GetRequiredService<KnownBrowsers>()
            .RenewAsync(accountId, securityStamp, KeyFor(context, accountId), alertId, isTrusted);
        if (renewed is not var (key, toldBy))
            return alertId;
        context.Response.Cookies.Append(NameFor(context, accountId), key, new CookieOptions
        {
            HttpOnly = true,
            Secure = context.Request.IsHttps,
            // Strict would leave it out where somebody comes from a link in a mail and signs in
            SameSite = SameSiteMode.Lax,
            MaxAge = KnownBrowsers.Lifetime,
            IsEssential = true,
        });
        return toldBy;
    }

    private static string NameFor(HttpContext context, long accountId) => string.Create(CultureInfo.InvariantCulture,
        $"SentinelCam.{context.RequestServices.GetRequiredService<DataDirectory>().InstanceName}.Browser.{accountId}");
}
