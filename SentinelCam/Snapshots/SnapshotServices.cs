namespace SentinelCam.Snapshots;

/// <summary>Pictures on disk, and how long they are kept.</summary>
public static class SnapshotServices
{
    public static IServiceCollection AddSnapshots(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(RetentionOptions.Read(configuration));
        services.AddSingleton<SnapshotStore>();
        return services;
    }
}
