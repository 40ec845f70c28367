using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using SentinelCam.Accounts;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>
/// Remembers between two pages that the password was right, in Identity's cookie for this. It signs nobody in, lasts as long as
/// <see cref="SignInPolicy.CodeTime"/>, and is worth nothing once the account has another security stamp.
/// </summary>
internal static class CodeStep
{
    private const string StampClaim = "stamp";

    private static readonly string Scheme = IdentityConstants.TwoFactorUserIdScheme;

    public static void AddCodeStep(this IServiceCollection services) =>
        services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<DataDirectory>((options, data) =>
        {
            options.Cookie.Name = $"SentinelCam.{data.InstanceName}.Step";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.ExpireTimeSpan = SignInPolicy.CodeTime;
            options.SlidingExpiration = false;
        });

    public static Task BeginAsync(HttpContext http, Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return http.SignInAsync(Scheme, new ClaimsPrincipal(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, account.Id.ToString(CultureInfo.InvariantCulture)),
            new Claim(StampClaim, account.SecurityStamp!),
        ], Scheme)));
    }

    /// <summary>The account whose password was right, and its security stamp at that time; null if there is none.</summary>
    public static async Task<(long AccountId, string Stamp)?> FindAsync(HttpContext http) =>
        (await http.AuthenticateAsync(Scheme)).Principal is { } step
        && step.FindFirstValue(ClaimTypes.Name) is { } id && step.FindFirstValue(StampClaim) is { } stamp
            ? (long.Parse(id, CultureInfo.InvariantCulture), stamp)
            : null;

    public static Task EndAsync(HttpContext http) => http.SignOutAsync(Scheme);
}
