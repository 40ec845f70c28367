namespace SentinelCam.Forwarding;

/// <summary>Reports from devices that are often offline: what a central SentinelCam takes, and what a device sends.</summary>
public static class ForwardingServices
{
    public static IServiceCollection AddForwarding(this IServiceCollection services)
    {
        services.AddScoped<DeviceEnrolment>();
        services.AddScoped<EntryReception>();
        services.AddScoped<ForwardReport>();
        services.AddScoped<ForwardStatus>();
        services.AddSingleton<ForwardClient>();
        return services;
    }
}
