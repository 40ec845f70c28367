using System.Data.Common;
using Htmx;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The cookies of forms and sessions: how a visitor is asked to sign in, and what keeps a session alive.</summary>
internal static class Cookies
{
    public static void AddCookies(this IServiceCollection services)
    {
        services.AddOptions<AntiforgeryOptions>().Configure<DataDirectory>((options, data) =>
            (options.Cookie.Name, options.Cookie.SecurePolicy) =
                ($"SentinelCam.{data.InstanceName}.Form", CookieSecurePolicy.SameAsRequest));
        services.AddOptions<CookieTempDataProviderOptions>().Configure<DataDirectory>((options, data) =>
            (options.Cookie.Name, options.Cookie.SecurePolicy) =
                ($"SentinelCam.{data.InstanceName}.Notice", CookieSecurePolicy.SameAsRequest));
        services.ConfigureApplicationCookie(options =>
        {
            options.Events.OnRedirectToLogin = AskToSignIn;
            var validate = options.Events.OnValidatePrincipal;
            options.Events.OnValidatePrincipal = async context =>
            {
                await validate(context);
                await SignOutMissingAccountAsync(context);
                context.ShouldRenew &= !IsAutomatic(context.Request);
            };
            options.Events.OnCheckSlidingExpiration = context =>
            {
                context.ShouldRenew &= !IsAutomatic(context.Request);
                return Task.CompletedTask;
            };
        });
    }

    private static Task AskToSignIn(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (context.Request.IsHtmx())
        {
            // A fragment cannot be a sign-in page. htmx loads the whole page, which leads back to the current one.
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            var returnUrl = QueryString.Create(context.Options.ReturnUrlParameter, CurrentPage.Of(context.Request));
            context.Response.Headers["HX-Redirect"] = context.Options.LoginPath + returnUrl;
        }
        else if (context.Request.Path == LiveUpdates.Path)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Ends the session of an account that was removed a moment ago; Identity notices only within a minute. What such a session
    /// writes would belong to nobody.
    /// </summary>
    private static async Task SignOutMissingAccountAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        if (context.Principal is not { } principal || IsStaticAsset(context.Request))
            return;
        var id = Viewer.Of(principal).Id;
        var db = http.RequestServices.GetRequiredService<SentinelCamDbContext>();
        try
        {
            // Takes no cancellation token, because what a visitor who hangs up submitted is recorded too
            if (await db.Users.AnyAsync(account => account.Id == id))
                return;
        }
        catch (DbException)
        {
            // The page that needs the database says so
            return;
        }

        context.RejectPrincipal();
        await http.SignOutAsync(context.Scheme.Name);
    }

    private static bool IsStaticAsset(HttpRequest request) =>
        request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    /// <summary>Whether an open page sent the request by itself. A dashboard left open must not keep its session alive.</summary>
    private static bool IsAutomatic(HttpRequest request) => request.Path == LiveUpdates.Path
        || request.Query.ContainsKey(nameof(DashboardModel.Since))
        // The pictures, styles and scripts of what was refreshed
        || request.Path.StartsWithSegments(SnapshotEndpoint.Path)
        || IsStaticAsset(request)
        || (request.Path == "/admin/camera" && HttpMethods.IsGet(request.Method)
            && (request.IsHtmx() || request.Query.ContainsKey("handler")));
}
