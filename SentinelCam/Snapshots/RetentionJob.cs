using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Jobs;

namespace SentinelCam.Snapshots;

/// <summary>Every hour: removes the oldest unpinned snapshots beyond age and size, and files that no row points to.</summary>
public sealed class RetentionJob(SentinelCamDbContext db, SnapshotStore store, RetentionOptions options, TimeProvider time, ILogger<RetentionJob> logger)
{
    /// <summary>A younger file may belong to a capture whose row is still to come.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    [Queue(JobQueues.Default)]
    [AutomaticRetry(Attempts = 0)]
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var old = await db.Snapshots.Where(s => !s.Pinned && s.TakenAt < now - options.MaxAge).ToListAsync(cancellationToken);
        await RemoveAsync(old, cancellationToken);

        var excess = await db.Snapshots.SumAsync(s => s.Bytes, cancellationToken) - options.MaxBytes;
        var large = new List<Snapshot>();
        await foreach (var snapshot in db.Snapshots.Where(s => !s.Pinned).OrderBy(s => s.TakenAt).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (excess <= 0)
                break;
            excess -= snapshot.Bytes;
            large.Add(snapshot);
        }

        await RemoveAsync(large, cancellationToken);
        if (old.Count + large.Count > 0)
            logger.LogInformation("Retention removed {Old} snapshots for their age and {Large} for their size", old.Count, large.Count);
        await RemoveOrphansAsync(now, cancellationToken);
    }

    /// <summary>Row first: a crash in between leaves a file without a row, which is swept, and never a row without a file.</summary>
    private async Task RemoveAsync(List<Snapshot> snapshots, CancellationToken cancellationToken)
    {
        foreach (var batch in snapshots.Chunk(500))
        {
            db.RemoveRange(batch.AsEnumerable());
            await db.SaveChangesAsync(cancellationToken);
            foreach (var snapshot in batch)
                store.Delete(snapshot.FileName);
        }
    }

    private async Task RemoveOrphansAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        store.DeleteHalvesOlderThan(now - OrphanAge);
        foreach (var batch in store.NamesOlderThan(now - OrphanAge).Distinct().Chunk(500))
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
