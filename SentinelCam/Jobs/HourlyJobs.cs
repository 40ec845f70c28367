using Hangfire;
using SentinelCam.Backups;

namespace SentinelCam.Jobs;

/// <summary>Schedules the jobs that run every hour as soon as the job storage is writable.</summary>
public sealed class HourlyJobs(
    IRecurringJobManager recurringJobs, BackupOptions backups, TimeProvider time, ILogger<HourlyJobs> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!TrySchedule())
            await Task.Delay(TimeSpan.FromMinutes(1), time, stoppingToken);
    }

    private bool TrySchedule()
    {
        try
        {
            recurringJobs.AddOrUpdate<RetentionJob>("retention", job => job.RunAsync(CancellationToken.None), Cron.Hourly());
            if (backups.Folder is not null)
                recurringJobs.AddOrUpdate<BackupJob>("backup", job => job.Run(CancellationToken.None), Cron.Hourly());
            else
                recurringJobs.RemoveIfExists("backup");
            return true;
        }
        catch (Exception error)
        {
            // The site works without jobs, and /healthz reports what is wrong with them
            logger.LogError("The hourly jobs could not be scheduled; the next try is in a minute: {Problem}", error.Message);
            return false;
        }
    }
}
