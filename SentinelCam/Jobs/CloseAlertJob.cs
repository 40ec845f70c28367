using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>Closes an alert once it has been quiet for long enough, with one summary where more came than its first mail told.</summary>
public sealed class CloseAlertJob(
    SentinelCamDbContext db, DeliveryPlan deliveries, IBackgroundJobClient jobs, TimeProvider time, ILogger<CloseAlertJob> logger)
{
    [Queue(JobQueues.Default)]
    public async Task RunAsync(long alertId, CancellationToken cancellationToken)
    {
        IReadOnlyList<Delivery> mails = [];
        Alert? alert;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            alert = await db.Alerts.SingleOrDefaultAsync(a => a.Id == alertId && a.ClosedAt == null, cancellationToken);
            if (alert is null)
                return;
            var now = time.GetUtcNow();
            if (alert.ClosesAt > now)
            {
                jobs.Schedule<CloseAlertJob>(job => job.RunAsync(alertId, CancellationToken.None), alert.ClosesAt - now);
                return;
            }

            if (IsSummedUp(alert) && !await db.Users.AnyAsync(a => a.Id == alert.OwnerId && a.PausedUntil > now, cancellationToken))
                mails = await deliveries.AddSummaryAsync(alert);
            alert.ClosedAt = now;
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(CancellationToken.None);
        }

        jobs.EnqueueMails(mails, logger);
        logger.LogInformation("Alert {AlertId} closed after {Attempts} attempts", alertId, alert.Attempts);
    }

    /// <summary>Fewer attempts than the owner wants to be told of stay in the log.</summary>
    private static bool IsSummedUp(Alert alert) => alert.RemoteNetwork == Alert.ManyNetworks || alert.Attempts > alert.MailedFrom;
}
