using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>Closes an alert after its quiet period, with one summary if no other mail reports some of its attempts.</summary>
public sealed class CloseAlertJob(
    SentinelCamDbContext db, DeliveryPlan deliveries, TimeProvider time, ILogger<CloseAlertJob> logger)
{
    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task RunAsync(long alertId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = time.GetUtcNow();
        var alert = await db.Alerts
            .SingleOrDefaultAsync(a => a.Id == alertId && a.ClosedAt == null && a.ClosesAt <= now, cancellationToken);
        // Extended or closed since the job was enqueued
        if (alert is null)
            return;
        if (alert.NeedsSummary && !await db.Users.AnyAsync(a => a.Id == alert.OwnerId && a.PausedUntil > now, cancellationToken))
            await deliveries.AddSummaryAsync(alert);
        alert.ClosedAt = now;
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        logger.LogInformation("Alert {AlertId} closed after {Attempts} attempts", alertId, alert.Attempts);
    }
}
