using Htmx;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using SentinelCam.Configuration;

namespace SentinelCam.Pages;

/// <summary>The cookies of forms and notices, and how a visitor is asked to sign in.</summary>
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
        services.AddSessionCookie();
        services.AddCodeStep();
        services.ConfigureApplicationCookie(options => options.Events.OnRedirectToLogin = AskToSignIn);
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
}
