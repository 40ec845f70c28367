using System.Security.Claims;
using Htmx;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.Options;
using SentinelCam.Accounts;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Ties Identity's cookie to <see cref="AccountSessions"/>. Every sign-in opens a session, whoever calls
/// <see cref="SignInManager{TUser}"/>; the cookie contains the session's key and nothing else that counts; every request asks
/// whether the session is alive, and who it is.
/// </summary>
/// <remarks>
/// Not an <c>ITicketStore</c>, which would store whole serialized tickets. Nor Identity's own check of the security stamp, which
/// looks once in an interval and does not know single sessions.
/// </remarks>
internal static class SessionCookie
{
    private const string KeyClaim = "session";

    private const string TrustParameter = "trust";

    public static void AddSessionCookie(this IServiceCollection services)
    {
        services.ConfigureApplicationCookie(options =>
        {
            options.SlidingExpiration = false;
            options.Events.OnSigningIn = OpenAsync;
            options.Events.OnValidatePrincipal = ValidateAsync;
            options.Events.OnSigningOut = context => EndAsync(context.HttpContext, isSignOut: true);
        });
        // The key outlives no session; the row knows the idle time
        services.AddOptions<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme)
            .Configure<SessionLimits>((options, limits) => options.ExpireTimeSpan = limits.Absolute);
    }

    /// <summary>Properties of a sign-in that makes its browser trusted, or not.</summary>
    public static AuthenticationProperties Trusting(bool isTrusted)
    {
        var properties = new AuthenticationProperties();
        properties.SetParameter(TrustParameter, isTrusted);
        return properties;
    }

    /// <summary>The session of a request.</summary>
    /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
    public static LiveSession CurrentSession(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<LiveSession>() ?? throw new InvalidOperationException("Nobody is signed in.");
    }

    /// <summary>Signing in again replaces the session, so that a key from before it is worth nothing afterwards.</summary>
    private static async Task OpenAsync(CookieSigningInContext context)
    {
        var http = context.HttpContext;
        var services = http.RequestServices;
        var claims = services.GetRequiredService<IOptions<IdentityOptions>>().Value.ClaimsIdentity;
        var principal = context.Principal!;
        var visitor = Visitor.Of(http);
        var (accountId, stamp) = (Viewer.Of(principal).Id, principal.FindFirstValue(claims.SecurityStampClaimType)!);
        var replaced = http.Features.Get<LiveSession>() is { } session && session.AccountId == accountId ? session : null;
        var alertId = await services.GetRequiredService<NewBrowserSignIns>().AlertForAsync(
            accountId, BrowserCookie.KeyFor(http, accountId), replaced, visitor);
        await EndAsync(http, isSignOut: false);
        alertId = await BrowserCookie.RenewAsync(
            http, accountId, stamp, alertId, context.Properties.GetParameter<bool>(TrustParameter));
        var key = await services.GetRequiredService<AccountSessions>().OpenAsync(
            accountId, stamp, visitor, alertId, principal.FindFirstValue(ClaimTypes.AuthenticationMethod), replaced);
        context.Principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(KeyClaim, key)], context.Scheme.Name));
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        var sessions = http.RequestServices.GetRequiredService<AccountSessions>();
        // Styles and scripts are for everyone, and come by the dozen
        if (!IsStaticAsset(context.Request) && !IsErrorPage(context.Response)
            && context.Principal?.FindFirstValue(KeyClaim) is { } key
            && await sessions.FindAsync(key) is { } session)
        {
            // The page of an error asks again; whether its request was automatic is no longer visible in its path
            if (context.Response.StatusCode < StatusCodes.Status400BadRequest && !IsAutomatic(context.Request))
                http.RequestServices.GetRequiredService<PendingSessions>().See(session);
            http.Features.Set(session);
            context.ReplacePrincipal(session.Principal);
            return;
        }

        // The cookie stays: by now, the browser may have another one from a sign-in in another tab
        context.RejectPrincipal();
    }

    private static Task EndAsync(HttpContext http, bool isSignOut) => http.Features.Get<LiveSession>() is { } session
        ? http.RequestServices.GetRequiredService<AccountSessions>().EndAsync(session, isSignOut)
        : Task.CompletedTask;

    private static bool IsStaticAsset(HttpRequest request) =>
        request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    /// <summary>
    /// Whether the page of an error is on its way. It shows who was found before the error, and nobody if the session could not
    /// be read.
    /// </summary>
    private static bool IsErrorPage(HttpResponse response) => response.StatusCode >= StatusCodes.Status500InternalServerError;

    /// <summary>Whether an open page sent the request by itself. A dashboard left open must not keep its session alive.</summary>
    private static bool IsAutomatic(HttpRequest request) => request.Path == LiveUpdates.Path
        || request.Query.ContainsKey(nameof(DashboardModel.Since))
        // The pictures of what was refreshed
        || request.Path.StartsWithSegments(SnapshotEndpoint.Path)
        || (request.Path == "/admin/camera" && HttpMethods.IsGet(request.Method)
            && (request.IsHtmx() || request.Query.ContainsKey("handler")));
}
