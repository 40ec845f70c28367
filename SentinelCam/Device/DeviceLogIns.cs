namespace SentinelCam.Device;

/// <summary>Log-ins to the device itself, beside the web page.</summary>
public static class DeviceLogIns
{
    public static IServiceCollection AddDevice(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DeviceOptions.Read(configuration));
        services.AddSingleton<DeviceStatus>();
        services.AddSingleton<Logind>();
        services.AddSingleton<SessionPlaces>();
        services.AddSingleton<LockedScreens>();
        services.AddScoped<DeviceRecorder>();
        services.AddScoped<DeviceRules>();
        if (OperatingSystem.IsLinux())
        {
            services.AddSingleton<IDeviceEventSource, SpoolSource>();
            services.AddSingleton<IDeviceEventSource, JournalSource>();
            services.AddHostedService<SeatWatch>();
        }

        if (OperatingSystem.IsWindows())
        {
            services.AddSingleton<ISecurityLog, WindowsSecurityLog>();
            services.AddSingleton<IDeviceEventSource, EventLogSource>();
        }

        services.AddHostedService<DeviceWatch>();
        return services;
    }
}
