using System.Net.Sockets;
using Htmx;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.StaticAssets;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>The HTTP surface: Razor Pages, static files, pictures, health, and Hangfire's dashboard.</summary>
public static class PageServices
{
    /// <summary>No honest form comes near it.</summary>
    private const int MaxRequestBytes = 256 << 10;

    /// <summary>As many entries as can be deleted at once, and some fields.</summary>
    private const int MaxFormValues = ImageLogChanges.MaxDeleted + 24;

    private const string LivePath = "/dashboard/events";

    private static readonly string[] PublicPages = ["/Index", "/Login", "/Register", "/Logout", "/Error", "/ConfirmRecipient"];

    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddSingleton<HealthProbe>();
        services.AddHttpContextAccessor();
        services.AddScoped<ViewerTime>();
        services.AddSingleton<LiveUpdates>();
        services.AddRateLimits();
        services.AddResponseCompression(options => options.MimeTypes = ["text/html"]);
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
        services.Configure<FormOptions>(options => options.ValueCountLimit = MaxFormValues);
        services.AddAntiforgery(options =>
            (options.Cookie.Name, options.Cookie.SecurePolicy) = ("SentinelCam.Form", CookieSecurePolicy.SameAsRequest));
        services.ConfigureApplicationCookie(options => options.Events.OnRedirectToLogin = context =>
        {
            // A fragment cannot be a sign-in page: htmx is told to load the whole of it, and to come back to the page it is on
            if (context.Request.IsHtmx())
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers["HX-Redirect"] = context.Options.LoginPath + QueryString.Create(context.Options.ReturnUrlParameter, Here.Of(context.Request));
            }
            else if (context.Request.Path == LivePath)
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            }
            else
            {
                context.Response.Redirect(context.RedirectUri);
            }

            return Task.CompletedTask;
        });
        // A dashboard that is left open asks by itself: that must not keep the session alive
        services.ConfigureApplicationCookie(options =>
        {
            var validate = options.Events.OnValidatePrincipal;
            options.Events.OnValidatePrincipal = async context =>
            {
                await validate(context);
                context.ShouldRenew &= !AsksByItself(context.Request);
            };
            options.Events.OnCheckSlidingExpiration = context =>
            {
                context.ShouldRenew &= !AsksByItself(context.Request);
                return Task.CompletedTask;
            };
        });
        return services;
    }

    private static bool AsksByItself(HttpRequest request) => request.Path == LivePath
        || request.Query.ContainsKey(nameof(DashboardModel.Since))
        // Pictures of new entries, styles and scripts come with what asked by itself
        || request.Path.StartsWithSegments(SnapshotEndpoint.Path)
        || request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null
        || (request.Path == "/admin/camera" && HttpMethods.IsGet(request.Method) && (request.IsHtmx() || request.Query.ContainsKey("handler")));

    /// <summary>Starts everything, and answers requests from here on.</summary>
    /// <exception cref="ConfigurationException">An address of <c>Urls</c> cannot be used.</exception>
    public static async Task ListenAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception error) when (error is IOException or FormatException or SocketException || IsOfTheServer(error))
        {
            // Whatever has begun ends in order, and says nothing
            await app.StopAsync();
            throw new ConfigurationException("Urls", app.Configuration["Urls"],
                $"addresses such as http://localhost:5000 that no other program uses ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    /// <summary>A port out of range, or https without a certificate: of types that anything else that starts might throw, too.</summary>
    private static bool IsOfTheServer(Exception error) =>
        error is ArgumentException or InvalidOperationException && error.StackTrace?.Contains("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) is true;

    public static void UsePages(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.UseSecurityHeaders();
        // Over plain HTTP only, as the framework has it: how well a page compresses could tell of what is in it
        app.UseResponseCompression();
        app.UseExceptionHandler("/error");
        app.UseStatusCodePagesWithReExecute("/error/{0}");
        app.UseReadableForms();
        app.UseJobsDashboardLanguage();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();

        // Compressed and kept for a year also when the app runs from its build folder
        if (!app.Environment.IsDevelopment())
            app.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        app.MapStaticAssets();
        app.MapRazorPages().WithStaticAssets();
        app.MapGet("/admin", () => Results.LocalRedirect("/admin/accounts")).RequireAuthorization(Roles.Administrator);
        app.MapSnapshots();
        app.MapHealth();
        app.MapGet(LivePath, (HttpContext context, LiveUpdates live) => live.AnswerAsync(context)).RequireAuthorization();
        app.MapJobsDashboard();
    }
}
