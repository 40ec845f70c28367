using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Snapshots;

namespace SentinelCam.Jobs;

/// <summary>Every hour: removes the oldest unpinned snapshots beyond age and size, mails of the outbox beyond the age, and files that no row points to.</summary>
public sealed class RetentionJob(SentinelCamDbContext db, SnapshotStore store, RetentionOptions options, OutboxReader outbox, TimeProvider time, ILogger<RetentionJob> logger)
{
    /// <summary>A younger file may belong to a capture whose row is still to come.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    [Queue(JobQueues.Default)]
    [AutomaticRetry(Attempts = 0)]
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // A strip lives and goes with its picture
        var removable = db.Snapshots.Include(s => s.Strip).Where(s => s.StripOfId == null && !s.Pinned);
        var old = await removable.Where(s => s.TakenAt < now - options.MaxAge).ToListAsync(cancellationToken);
        await RemoveAsync(old, cancellationToken);

        var pinned = await db.PinnedBytesAsync(cancellationToken);
        // Pins do not crowd out new pictures, also where there are more of them than may be
        var room = options.MaxBytes - Math.Min(pinned, options.MaxPinnedBytes);
        var excess = await db.Snapshots.SumAsync(s => s.Bytes, cancellationToken) - pinned - room;
        var large = new List<Snapshot>();
        await foreach (var snapshot in removable.OrderBy(s => s.TakenAt).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (excess <= 0)
                break;
            excess -= snapshot.Bytes + snapshot.Strip.Sum(frame => frame.Bytes);
            large.Add(snapshot);
        }

        await RemoveAsync(large, cancellationToken);
        if (old.Count + large.Count > 0)
            logger.LogInformation("Retention removed {Old} snapshots for their age and {Large} for their size", old.Count, large.Count);
        outbox.DeleteOlderThan(now - options.MaxAge);
        await RemoveOrphansAsync(now, cancellationToken);
    }

    /// <summary>Row first: a crash in between leaves a file without a row, which is swept, and never a row without a file.</summary>
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
        store.DeleteUnfinishedOlderThan(now - OrphanAge);
        // Where sentinelcam.db was moved away, the pictures of the old one are not orphans of the new one
        if (await db.Users.OrderBy(a => a.RegisteredAt).Select(a => (DateTimeOffset?)a.RegisteredAt).FirstOrDefaultAsync(cancellationToken) is not { } begun)
            return;
        foreach (var batch in store.NamesBetween(begun, now - OrphanAge).Distinct().Chunk(500))
        {
            var known = await db.Snapshots.Where(s => batch.Contains(s.FileName)).Select(s => s.FileName).ToListAsync(cancellationToken);
            foreach (var name in batch.Except(known))
            {
                store.Delete(name);
                logger.LogInformation("Removed {FileName}, which no row points to", name);
            }
        }
    }
}
