using System.Net.Sockets;
using Hangfire;
using Microsoft.AspNetCore.Http.Features;
using SentinelCam.Accounts;
using SentinelCam.Configuration;

namespace SentinelCam.Pages;

/// <summary>The HTTP surface: Razor Pages, static files, pictures, health, and Hangfire's dashboard.</summary>
public static class PageServices
{
    /// <summary>No honest form comes near it.</summary>
    private const int MaxRequestBytes = 256 << 10;

    private static readonly string[] PublicPages = ["/Index", "/Login", "/Register", "/Logout", "/Error", "/ConfirmRecipient"];

    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddSingleton<HealthProbe>();
        services.AddHttpContextAccessor();
        services.AddScoped<ViewerTime>();
        services.AddRazorPages(options =>
        {
            options.Conventions.AuthorizeFolder("/");
            options.Conventions.AuthorizeFolder("/Admin", Roles.Administrator);
            foreach (var page in PublicPages)
                options.Conventions.AllowAnonymousToPage(page);
        });
        services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaxRequestBytes;
        });
        services.Configure<FormOptions>(options => options.ValueCountLimit = 64);
        services.AddAntiforgery(options =>
            (options.Cookie.Name, options.Cookie.SecurePolicy) = ("SentinelCam.Form", CookieSecurePolicy.SameAsRequest));
        services.ConfigureApplicationCookie(options => options.Events.OnRedirectToLogin = context =>
        {
            // A fragment cannot be a sign-in page: htmx is told to load the whole of it
            if (context.Request.Headers.ContainsKey("HX-Request"))
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers["HX-Redirect"] = context.RedirectUri;
            }
            else
            {
                context.Response.Redirect(context.RedirectUri);
            }

            return Task.CompletedTask;
        });
        return services;
    }

    /// <summary>Starts everything, and answers requests from here on.</summary>
    /// <exception cref="ConfigurationException">An address of <c>Urls</c> cannot be used.</exception>
    public static async Task ListenAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception error) when (error is IOException or FormatException or SocketException)
        {
            throw new ConfigurationException("Urls", app.Configuration["Urls"],
                $"addresses such as http://localhost:5000 that no other program uses ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    public static void UsePages(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.UseSecurityHeaders();
        app.UseExceptionHandler("/error");
        app.UseStatusCodePagesWithReExecute("/error/{0}");
        app.UseReadableForms();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();

        app.MapStaticAssets();
        app.MapRazorPages().WithStaticAssets();
        app.MapGet("/admin", () => Results.LocalRedirect("/admin/accounts")).RequireAuthorization(Roles.Administrator);
        app.MapSnapshots();
        app.MapHealth();
        app.MapHangfireDashboardWithAuthorizationPolicy(Roles.Administrator, "/hangfire", new DashboardOptions { DashboardTitle = "SentinelCam jobs", AppPath = "/dashboard", DisplayStorageConnectionString = false });
    }
}
