using Microsoft.AspNetCore.HostFiltering;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>Applies <see cref="SiteOptions"/>.</summary>
public static class PublicAddress
{
    public static void AddPublicAddress(this IServiceCollection services, IConfiguration configuration)
    {
        var site = SiteOptions.Read(configuration);
        if (site.PublicUrl is null)
            return;
        // ASP.NET Core reads AllowedHosts only if nothing else has set the names
        services.Configure<HostFilteringOptions>(options =>
        {
            var listed = (configuration["AllowedHosts"] ?? "")
                .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(name => name != "*");
            foreach (var name in listed.Concat(site.HostNames).Distinct(StringComparer.OrdinalIgnoreCase))
                options.AllowedHosts.Add(name);
        });
    }

    /// <summary>
    /// Gives public requests the scheme, name and port of the public address, whatever the proxy passes on. So redirects keep the
    /// port, and cookies are marked for TLS only.
    /// </summary>
    public static void UsePublicAddress(this WebApplication app)
    {
        var site = app.Services.GetRequiredService<SiteOptions>();
        if (site.PublicUrl is not { } url)
            return;
        var host = new HostString(url.Authority);
        app.Use((context, next) =>
        {
            if (site.IsPublic(context))
                (context.Request.Scheme, context.Request.Host) = (url.Scheme, host);
            return next(context);
        });
    }
}
