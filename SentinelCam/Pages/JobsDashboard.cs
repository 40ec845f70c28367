using System.Globalization;
using Hangfire;
using Hangfire.Dashboard;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary><c>/hangfire</c>: Hangfire's own pages, in the site's colours as far as they let themselves be set.</summary>
public static class JobsDashboard
{
    private const string Path = "/hangfire";

    // The routes are Hangfire's static ones, and several applications can live in one process
    private static readonly Lazy<bool> Sheet = new(() =>
    {
        DashboardRoutes.AddStylesheet(typeof(JobsDashboard).Assembly, "SentinelCam.Pages.jobs.css");
        return true;
    });

    private static readonly CultureInfo English = new EnglishByName();

    /// <summary>Hangfire writes the language of the thread into its pages, which is none where cultures are invariant; its texts are English.</summary>
    public static void UseJobsDashboardLanguage(this IApplicationBuilder app)
    {
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase))
                CultureInfo.CurrentUICulture = English;
            return next(context);
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
        });
    }

    /// <summary>The invariant culture with a language, since no other can be made.</summary>
    private sealed class EnglishByName() : CultureInfo("")
    {
        public override string TwoLetterISOLanguageName => "en";
    }
}
