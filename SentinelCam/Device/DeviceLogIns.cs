namespace SentinelCam.Device;

/// <summary>Log-ins to the device itself, beside the web page.</summary>
public static class DeviceLogIns
{
    public static IServiceCollection AddDevice(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DeviceOptions.Read(configuration));
        services.AddSingleton<DeviceStatus>();
        services.AddSingleton<SessionPlaces>();
        services.AddScoped<DeviceRecorder>();
        services.AddScoped<DeviceRules>();
        if (OperatingSystem.IsLinux())
            services.AddSingleton<IDeviceEventSource, SpoolSource>();
        services.AddHostedService<DeviceWatch>();
        return services;
    }
}
