using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>Where pictures are kept, and how long they are kept.</summary>
public static class SnapshotServices
{
    public static IServiceCollection AddSnapshots(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(RetentionOptions.Read(configuration));
        if (PostgresOptions.Read(configuration) is null)
            services.AddSingleton<IPictureStore, PictureFolder>();
        else
            services.AddSingleton<IPictureStore, PictureTable>();
        return services;
    }
}
