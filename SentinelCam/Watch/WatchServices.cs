namespace SentinelCam.Watch;

/// <summary>SentinelCam watches itself, and tells the administrators and a dead man's switch.</summary>
public static class WatchServices
{
    public static IServiceCollection AddWatch(this IServiceCollection services, IConfiguration configuration)
    {
        var options = WatchOptions.Read(configuration);
        services.AddSingleton(options);
        services.AddSingleton<HealthProbe>();
        services.AddSingleton<CameraEye>();
        services.AddSingleton<ReferenceClock>();
        services.AddSingleton<TroubleWatch>();
        services.AddSingleton<WatchLoop>();
        services.AddScoped<AdministratorNotices>();
        services.AddScoped<ToldTroubles>();
        services.AddScoped<WeeklyTest>();
        if (options.Mode is WatchMode.On)
            services.AddHostedService(provider => provider.GetRequiredService<WatchLoop>());
        if (options.Ping is not null)
            services.AddHostedService<DeadMansSwitch>();
        return services;
    }
}
