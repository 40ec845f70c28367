using Hangfire;

namespace SentinelCam.Jobs;

/// <summary>Puts the hourly retention into the job storage, as soon as that can be written.</summary>
public sealed class RetentionSchedule(IRecurringJobManager recurringJobs, TimeProvider time, ILogger<RetentionSchedule> logger) : BackgroundService
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
            // The site works without jobs, and says on /healthz what is wrong with them
            logger.LogError("The hourly retention could not be scheduled, and is tried again in a minute: {Problem}", error.Message);
            return false;
        }
    }
}
