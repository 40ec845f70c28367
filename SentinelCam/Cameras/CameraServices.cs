using Microsoft.Extensions.DependencyInjection.Extensions;
using SentinelCam.Configuration;

namespace SentinelCam.Cameras;

/// <summary>Registers the camera.</summary>
public static class CameraServices
{
    private const int MaxNameLength = 100;

    /// <summary>Reads the keys under <c>Camera:</c> and adds the <see cref="CameraFeed"/>.</summary>
    /// <exception cref="ConfigurationException">A value is invalid.</exception>
    public static IServiceCollection AddCameras(
        this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        var configured = configuration["Camera:Source"];
        var source = CameraSource.Parse(configured, environment);
        var name = ReadName(configuration["Camera:Name"]);
        var limits = ReadLimits(configuration);
        var transport = Setting.Choice(configuration, "Camera:RtspTransport", RtspTransport.Auto);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<OpenCvLibrary>();
        services.AddSingleton<StuckThreads>();
        services.AddSingleton<Thumbnails>();
        services.TryAddSingleton<ICamera>(provider => source.Create(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<OpenCvLibrary>(),
            provider.GetRequiredService<StuckThreads>(),
            transport));
        services.AddSingleton(provider => new CameraFeed(
            provider.GetRequiredService<ICamera>(),
            name,
            provider.GetRequiredService<OpenCvLibrary>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CameraFeed>>(),
            limits));
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<CameraSelection>(provider, !string.IsNullOrWhiteSpace(configured), transport));
        services.AddSingleton<CameraTrial>();
        // Starts first, so that the feed checks the stored choice
        services.AddHostedService(provider => provider.GetRequiredService<CameraSelection>());
        services.AddHostedService(provider => provider.GetRequiredService<CameraFeed>());
        return services;
    }

    private static CameraFeedLimits ReadLimits(IConfiguration configuration) => new()
    {
        Warm = Setting.Choice(configuration, "Camera:Warm", CameraWarmth.OnDemand),
        IdleTimeout = Setting.Duration(
            configuration, "Camera:IdleClose", TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), TimeSpan.FromDays(1)),
        RingBytes = Setting.Whole(configuration, "Camera:Memory", 32 << 20, 1 << 20, 1 << 30),
    };

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
