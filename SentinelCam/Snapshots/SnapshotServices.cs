using Hangfire;

namespace SentinelCam.Snapshots;

/// <summary>Pictures on disk and how long they stay.</summary>
public static class SnapshotServices
{
    public static IServiceCollection AddSnapshots(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(RetentionOptions.Read(configuration));
        services.AddSingleton<SnapshotStore>();
        return services;
    }

    /// <summary>Puts the hourly retention into the job storage. A storage that cannot be written is reported on /healthz and tried again at the next start.</summary>
    public static void ScheduleRetention(this WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IRecurringJobManager>()
                .AddOrUpdate<RetentionJob>("retention", job => job.RunAsync(CancellationToken.None), Cron.Hourly());
        }
        catch (BackgroundJobClientException error)
        {
            app.Logger.LogError(error, "The hourly retention could not be scheduled");
        }
    }
}
