using Htmx;
using Microsoft.AspNetCore.Authorization;
using SentinelCam.Accounts;

namespace SentinelCam.Pages;

/// <summary>
/// Leads people who must have a second factor, and have none, to the page that turns it on. Nothing else that needs a sign-in is
/// open to them before.
/// </summary>
internal static class SecondFactorGate
{
    private const string SetUpPage = "/settings/second_factor";

    public static void UseSecondFactorDemand(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<LiveSession>() is not { LacksSecondFactor: true } || IsOpen(context))
            return next(context);
        if (context.Request.IsHtmx())
            context.Response.Headers["HX-Redirect"] = SetUpPage;
        else
            context.Response.Redirect(SetUpPage);
        return Task.CompletedTask;
    });

    /// <summary>Whether a page needs no sign-in, or is the one that turns the second factor on.</summary>
    private static bool IsOpen(HttpContext context) =>
        context.Request.Path.Equals(SetUpPage, StringComparison.OrdinalIgnoreCase)
        || context.GetEndpoint()?.Metadata is not { } metadata
        || metadata.GetMetadata<IAllowAnonymous>() is not null
        || metadata.GetMetadata<IAuthorizeData>() is null;
}
