namespace SentinelCam.Backups;

/// <summary>Registers the daily backups.</summary>
public static class BackupServices
{
    public static IServiceCollection AddBackups(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(BackupOptions.Read(configuration))
        .AddSingleton<ScheduledBackups>();
}
