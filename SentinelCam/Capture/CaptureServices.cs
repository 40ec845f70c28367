using Microsoft.Extensions.DependencyInjection.Extensions;
using SentinelCam.Configuration;

namespace SentinelCam.Capture;

/// <summary>Registers the camera.</summary>
public static class CaptureServices
{
    private const int MaxNameLength = 100;

    /// <summary>Reads <c>Camera:Source</c> (default <c>auto</c>) and <c>Camera:Name</c> (default the host's name) and adds the <see cref="CameraFeed"/>.</summary>
    /// <exception cref="ConfigurationException">One of them cannot be used.</exception>
    public static IServiceCollection AddCapture(
        this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        var source = CameraSource.Parse(configuration["Camera:Source"], environment);
        var name = ReadName(configuration["Camera:Name"]);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(OpenCvLibrary.Shared);
        services.TryAddSingleton<ICamera>(provider => source.Create(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<OpenCvLibrary>()));
        services.AddSingleton(provider => new CameraFeed(
            provider.GetRequiredService<ICamera>(),
            name,
            provider.GetRequiredService<OpenCvLibrary>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CameraFeed>>()));
        services.AddHostedService(provider => provider.GetRequiredService<CameraFeed>());
        return services;
    }

    private static string ReadName(string? value)
    {
        var name = string.IsNullOrWhiteSpace(value) ? Environment.MachineName : value.Trim();
        return name.Length <= MaxNameLength && !name.Any(char.IsControl)
            ? name
            : throw new ConfigurationException(
                "Camera:Name",
                new string([.. name.Take(MaxNameLength).Select(c => char.IsControl(c) ? '?' : c)]),
                $"up to {MaxNameLength} characters on one line.");
    }
}
