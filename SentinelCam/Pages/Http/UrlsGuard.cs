using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using SentinelCam.Configuration;

namespace SentinelCam.Pages;

/// <summary>
/// Starts the web server, and reports whatever stops it as a wrong value of <c>Urls</c>. It throws many types of exceptions,
/// which other parts of the app throw at start too; only here is it certain where they come from.
/// </summary>
internal sealed class UrlsGuard(IServer server, IConfiguration configuration) : IServer
{
    public IFeatureCollection Features => server.Features;

    /// <exception cref="ConfigurationException">An address cannot be used.</exception>
    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        try
        {
            await server.StartAsync(application, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new ConfigurationException("Urls", configuration["Urls"],
                $"addresses such as http://localhost:5000 that no other program uses ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

    public void Dispose() => server.Dispose();
}

internal static class UrlsGuardServices
{
    /// <summary>Wraps the registered web server.</summary>
    public static void AddUrlsGuard(this IServiceCollection services)
    {
        var server = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(server);
        services.AddSingleton<IServer>(provider => new UrlsGuard(
            (IServer)ActivatorUtilities.CreateInstance(provider, server.ImplementationType!),
            provider.GetRequiredService<IConfiguration>()));
    }
}
