using Hangfire;
using SentinelCam.Backups;

namespace SentinelCam.Jobs;

/// <summary>Runs every hour, and writes the day's backup if there is none yet.</summary>
public sealed class BackupJob(ScheduledBackups backups)
{
    [Queue(JobQueues.Default)]
    [AutomaticRetry(Attempts = 0)]
    public void Run(CancellationToken cancellationToken) => backups.WriteIfDue(cancellationToken);
}
