namespace SentinelCam.Pages;

/// <summary>The HTTP surface: Razor Pages, static files, Hangfire's dashboard.</summary>
public static class PageServices
{
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorPages();
        return services;
    }

    public static void UsePages(this WebApplication app)
    {
        app.MapRazorPages();
    }
}
