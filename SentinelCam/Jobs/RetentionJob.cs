using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.People;
using SentinelCam.Snapshots;

namespace SentinelCam.Jobs;

/// <summary>
/// Runs every hour. Deletes unpinned snapshots that exceed the age or size limit, oldest first, old mails in the outbox, orphaned
/// files, requests for accounts that nobody answered, links that have expired, sessions that ended, and old records. Finishes
/// deletions of accounts that were interrupted.
/// </summary>
public sealed class RetentionJob(
    SentinelCamDbContext db, IPictureStore store, RetentionOptions options, OutboxReader outbox, WaitingRequests requests,
    AccountLinks links, MailLimit limit, SessionRetention sessions, AccountDeletion deletion, RecordRetention records,
    JobsDatabase jobs, ClockWatch clock, JobMetrics metrics, TimeProvider time, ILogger<RetentionJob> logger)
{
    /// <summary>A newer file may belong to a capture whose row is not committed yet.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    [Queue(JobQueues.Default)]
    [AutomaticRetry(Attempts = 0)]
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await clock.CheckAsync(db, cancellationToken);
        var now = time.GetUtcNow();
        // A strip is deleted with its picture, and a picture stays until the mails that carry it have left
        var removable = db.Snapshots.Include(s => s.Strip)
            .Where(s => s.StripOfId == null && !s.Pinned
                && !db.ImageLog.Any(e => e.Id == s.EntryId
                    && (e.MailState == MailState.Waiting || db.Alerts.Any(a => a.Id == e.AlertId && a.ClosedAt == null)
                        || db.Deliveries.Any(d => d.AlertId != null && d.AlertId == e.AlertId
                            && (d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending)))));
        var old = await removable.Where(s => (s.AgesFrom ?? s.TakenAt) < now - options.MaxAge).ToListAsync(cancellationToken);
        await RemoveAsync(old, cancellationToken);

        var pinned = await db.PinnedBytesAsync(cancellationToken);
        // Pinned pictures must not crowd out new ones, even if they exceed their limit
        var room = options.MaxBytes - Math.Min(pinned, options.MaxPinnedBytes);
        var excess = await db.Snapshots.SumAsync(s => s.Bytes, cancellationToken) - pinned - room;
        var large = await RemoveBeyondSharesAsync(removable, excess, cancellationToken);
        excess -= large.Sum(SizeOf);
        var oldest = new List<Snapshot>();
        var oldestFirst = removable.OrderBy(s => s.AgesFrom ?? s.TakenAt).AsAsyncEnumerable();
        await foreach (var snapshot in oldestFirst.WithCancellation(cancellationToken))
        {
            if (excess <= 0)
                break;
            excess -= SizeOf(snapshot);
            oldest.Add(snapshot);
        }

        await RemoveAsync(oldest, cancellationToken);
        large.AddRange(oldest);
        metrics.Found("old_picture", old.Count);
        metrics.Found("surplus_picture", large.Count);
        if (old.Count + large.Count > 0)
        {
            logger.LogInformation(
                "Retention deleted {Old} snapshots over the age limit and {Large} over the size limit", old.Count, large.Count);
        }

        await deletion.FinishAllAsync(cancellationToken);
        outbox.DeleteOlderThan(now - options.MaxAge);
        await requests.RemoveExpiredAsync(db, cancellationToken);
        await links.RemoveExpiredAsync(cancellationToken);
        await limit.TellAsync(cancellationToken);
        await sessions.RemoveOldAsync(cancellationToken);
        jobs.CleanUp();
        // A clock that was wrong may still be
        if (clock.WasSetRecently)
            return;
        await RemoveOrphansAsync(now, cancellationToken);
        await records.RunAsync(cancellationToken);
    }

    /// <summary>
    /// Removes what devices have reported beyond their shares, so that one of them, such as a stolen one, does not push out the
    /// pictures of others.
    /// </summary>
    private async Task<List<Snapshot>> RemoveBeyondSharesAsync(
        IQueryable<Snapshot> removable, long excess, CancellationToken cancellationToken)
    {
        var removed = new List<Snapshot>();
        if (excess <= 0)
            return removed;
        foreach (var device in await db.ReportingDevices.Select(d => d.Name).Distinct().ToListAsync(cancellationToken))
        {
            var own = await removable
                .Where(s => db.ImageLog.Any(e => e.Id == s.EntryId && e.LoginAttempt!.ReportedBy == device))
                .OrderBy(s => s.AgesFrom ?? s.TakenAt).ToListAsync(cancellationToken);
            var beyond = Math.Min(excess, own.Sum(SizeOf) - options.MaxDeviceBytes);
            foreach (var snapshot in own)
            {
                if (beyond <= 0)
                    break;
                beyond -= SizeOf(snapshot);
                excess -= SizeOf(snapshot);
                removed.Add(snapshot);
            }
        }

        await RemoveAsync(removed, cancellationToken);
        return removed;
    }

    private static long SizeOf(Snapshot snapshot) => snapshot.Bytes + snapshot.Strip.Sum(frame => frame.Bytes);

    /// <summary>Deletes the row first: a crash in between leaves an orphaned file, never a row without a file.</summary>
    private async Task RemoveAsync(List<Snapshot> snapshots, CancellationToken cancellationToken)
    {
        foreach (var batch in snapshots.Chunk(500))
        {
            var ids = batch.Select(s => s.Id).ToList();
            await db.Snapshots.Where(s => ids.Contains(s.Id)).ExecuteDeleteAsync(cancellationToken);
            foreach (var name in batch.SelectMany(s => s.FileNames()))
                store.Delete(name);
        }
    }

    private async Task RemoveOrphansAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await foreach (var name in store.DeleteLeftoversAsync(db, now - OrphanAge, cancellationToken))
        {
            metrics.Found("orphaned_file");
            logger.LogInformation("Deleted the orphaned file {FileName}", name);
        }
    }
}
