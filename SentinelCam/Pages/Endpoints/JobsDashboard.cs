using System.Globalization;
using Hangfire;
using Hangfire.Dashboard;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary><c>/hangfire</c>: Hangfire's own pages, in the site's colours as far as a style sheet can set them.</summary>
public static class JobsDashboard
{
    private const string Path = "/hangfire";

    // Hangfire's routes are static, and the tests run several apps in one process
    private static readonly Lazy<bool> Sheet = new(() =>
    {
        DashboardRoutes.AddStylesheet(typeof(JobsDashboard).Assembly, "SentinelCam.Pages.jobs.css");
        return true;
    });

    private static readonly CultureInfo English = new EnglishByName();

    /// <summary>
    /// Sets the language that Hangfire writes into its pages. It takes the thread's, which is empty in the app's invariant
    /// culture; its texts are English. Some of its paths read a form even where the request has none, and others fail on an id or
    /// a number that nobody has: those get an empty form and 404.
    /// </summary>
    public static void UseJobsDashboardAdaptation(this IApplicationBuilder app)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase))
            {
                await next(context);
                return;
            }

            CultureInfo.CurrentUICulture = English;
            if (!context.Request.HasFormContentType)
                context.Request.Form = FormCollection.Empty;
            try
            {
                await next(context);
            }
            catch (Exception error) when (!context.Response.HasStarted
                && error.GetBaseException() is FormatException or OverflowException or ArgumentException or NullReferenceException
                    or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or DivideByZeroException)
            {
                context.Response.Clear();
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        });
    }

    public static void MapJobsDashboard(this IEndpointRouteBuilder routes)
    {
        _ = Sheet.Value;
        routes.MapHangfireDashboardWithAuthorizationPolicy(Roles.Administrator, Path, new DashboardOptions
        {
            DashboardTitle = "SentinelCam jobs",
            AppPath = "/dashboard",
            DarkModeEnabled = true,
            DisplayStorageConnectionString = false,
            // Its pages cannot ask for the password
            IsReadOnlyFunc = context => !IsProved(context.GetHttpContext()),
        });
    }

    private static bool IsProved(HttpContext context) =>
        context.CurrentSession().IsProved(context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    /// <summary>The invariant culture with a language; globalization is invariant, so no other culture exists.</summary>
    private sealed class EnglishByName() : CultureInfo("")
    {
        public override string TwoLetterISOLanguageName => "en";
    }
}
