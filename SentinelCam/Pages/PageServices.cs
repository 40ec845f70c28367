using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using Serilog.Core;

namespace SentinelCam.Pages;

/// <summary>The HTTP surface: Razor Pages, static files, pictures, health, and Hangfire's dashboard.</summary>
public static class PageServices
{
    /// <summary>No honest form comes near it.</summary>
    private const int MaxRequestBytes = 256 << 10;

    /// <summary>As many entries as can be deleted at once, and some fields.</summary>
    private const int MaxFormValues = ImageLogChanges.MaxDeleted + 24;

    private static readonly string[] PublicPages =
    [
        "/Index", "/Login", "/LoginCode", "/Register", "/Logout", "/Error", "/ConfirmRecipient", "/ForgotPassword",
        "/ResetPassword", "/ConfirmAddress", "/UndoAddress", "/WasItYou", "/Invitation",
    ];

    public static IServiceCollection AddPages(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddPublicAddress(configuration);
        services.AddScoped<ViewerTime>();
        services.AddScoped<NodeList>();
        services.AddScoped<FirstSteps>();
        services.AddScoped<LogLayoutCookie>();
        services.AddSingleton<LiveUpdates>();
        services.AddSingleton<ILogEventFilter, VisitorLogLimit>();
        services.AddRateLimits();
        services.AddSingleton<FormLimits>();
        services.AddSingleton<DeviceLimits>();
        services.AddCookies();
        services.AddUrlsGuard();
        // A browser that has once been here over TLS does not come without it for a year
        services.AddHsts(options => options.MaxAge = TimeSpan.FromDays(365));
        services.AddResponseCompression(options => options.MimeTypes = ["text/html"]);
        services.AddRazorPages(options =>
        {
            options.Conventions.AuthorizeFolder("/");
            options.Conventions.AuthorizeFolder("/Admin", Roles.Administrator);
            options.Conventions.AddFolderApplicationModelConvention(
                "/Admin", page => page.Filters.Add(new RecentProofAttribute()));
            foreach (var page in PublicPages)
                options.Conventions.AllowAnonymousToPage(page);
        });
        services.AddSingleton<CookieTempDataProvider>();
        services.Replace(ServiceDescriptor.Singleton<ITempDataProvider, NoticeCookie>());
        services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaxRequestBytes;
            HangUps.Delay(options);
        });
        services.Configure<FormOptions>(options => options.ValueCountLimit = MaxFormValues);
        return services;
    }

    public static void UsePages(this WebApplication app)
    {
        app.UsePublicAddress();
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.UseSecurityHeaders();
        app.UseNoSubPaths();
        // Plain HTTP only, which is the framework's default: the size of a compressed page could reveal its content
        app.UseResponseCompression();
        // In a scope of its own, because the one of the request remembers that its session could not be read
        app.UseExceptionHandler("/error", createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute("/error/{0}", createScopeForStatusCodePages: true);
        app.UseUnavailable();
        app.UseAllowedMethods();
        app.UseReadableForms();
        app.UseJobsDashboardAdaptation();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseSecondFactorDemand();
        app.UseRateLimiter();

        // Static files stay compressed and cached for a year when the app runs from its build folder, too
        if (!app.Environment.IsDevelopment())
            app.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        app.MapStaticAssets();
        app.MapRazorPages().WithStaticAssets();
        app.MapMethods("/admin", AllowedMethods.ToRead, () => Results.LocalRedirect("/admin/accounts"))
            .RequireAuthorization(Roles.Administrator);
        app.MapSnapshots();
        app.MapPasskeys();
        app.MapDevices();
        app.MapHealth();
        app.MapMetrics();
        app.MapLiveUpdates();
        app.MapJobsDashboard();
    }

    /// <summary>Starts everything. The app answers requests when it returns.</summary>
    /// <exception cref="ConfigurationException">An address of <c>Urls</c> cannot be used.</exception>
    public static async Task ListenAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (ConfigurationException)
        {
            // Background services that have started end in order
            await app.StopAsync();
            throw;
        }
    }
}
