namespace SentinelCam.Snapshots;

/// <summary>Where pictures are kept, and how long they are kept.</summary>
public static class SnapshotServices
{
    public static IServiceCollection AddSnapshots(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(RetentionOptions.Read(configuration));
        services.AddSingleton<IPictureStore, PictureFolder>();
        return services;
    }
}
