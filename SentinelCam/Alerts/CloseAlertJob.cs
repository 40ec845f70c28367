using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Jobs;

namespace SentinelCam.Alerts;

/// <summary>Closes an alert once it has been quiet for long enough, with one summary where more than one attempt came.</summary>
public sealed class CloseAlertJob(
    SentinelCamDbContext db, DeliveryPlan deliveries, IBackgroundJobClient jobs, TimeProvider time, ILogger<CloseAlertJob> logger)
{
    [Queue(JobQueues.Alerts)]
    public async Task RunAsync(long alertId, CancellationToken cancellationToken)
    {
        IReadOnlyList<Delivery> mails = [];
        int attempts;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var alert = await db.Alerts.SingleOrDefaultAsync(a => a.Id == alertId && a.ClosedAt == null, cancellationToken);
            if (alert is null)
                return;
            if (alert.ClosesAt > time.GetUtcNow())
            {
                jobs.Schedule<CloseAlertJob>(job => job.RunAsync(alertId, CancellationToken.None), alert.ClosesAt);
                return;
            }

            attempts = await db.LoginAttempts.CountAsync(a => a.AlertId == alertId, cancellationToken);
            if (attempts > 1)
                mails = await deliveries.AddSummaryAsync(alert);
            alert.ClosedAt = time.GetUtcNow();
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(CancellationToken.None);
        }

        foreach (var mail in mails)
            jobs.EnqueueOrLeaveToSweep<SendAlertJob>(JobQueues.Alerts, job => job.RunAsync(mail.Id, CancellationToken.None), logger);
        logger.LogInformation("Alert {AlertId} closed after {Attempts} attempts", alertId, attempts);
    }
}
