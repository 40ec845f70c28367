using Hangfire;

namespace SentinelCam.Jobs;

/// <summary>Schedules the hourly retention as soon as the job storage is writable.</summary>
public sealed class RetentionSchedule(
    IRecurringJobManager recurringJobs, TimeProvider time, ILogger<RetentionSchedule> logger) : BackgroundService
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
            return true;
        }
        catch (Exception error)
        {
            // The site works without jobs, and /healthz reports what is wrong with them
            logger.LogError("The hourly retention could not be scheduled; the next try is in a minute: {Problem}", error.Message);
            return false;
        }
    }
}
