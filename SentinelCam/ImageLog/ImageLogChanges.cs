using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>The result of pinning or unpinning pictures.</summary>
public enum PinOutcome
{
    Done,

    /// <summary>There is no such entry with a picture, or it is another account's.</summary>
    NoPicture,

    /// <summary>Pinned pictures would exceed <see cref="RetentionOptions.MaxPinnedBytes"/>.</summary>
    NoRoom,
}

/// <summary>The changes that people make to their logs: request a picture, pin it, delete entries.</summary>
public sealed class ImageLogChanges(
    SentinelCamDbContext db, ImageLogQuery query, ImageLogIndex index, DeliveryPlan deliveries, IPictureStore store,
    RetentionOptions retention, LiveNodes nodes, ActivityLog activity, TimeProvider time, ILogger<ImageLogChanges> logger)
{
    /// <summary>The maximum number of entries that one search can delete.</summary>
    public const int MaxDeleted = 1_000;

    private const int BatchSize = 250;

    /// <summary>Adds an entry for a manual capture.</summary>
    /// <returns>Its id.</returns>
    public async Task<long> AddManualCaptureAsync(Viewer viewer)
    {
        var now = time.GetUtcNow();
        var entry = new ImageLogEntry
        {
            OwnerId = viewer.Id,
            Trigger = CaptureTrigger.Manual,
            At = now,
            Node = nodes.Self,
            CaptureDueAt = now,
        };
        db.Add(entry);
        await db.SaveChangesAsync();
        logger.LogInformation("Entry {EntryId}: account {AccountId} requested a capture", entry.Id, viewer.Id);
        return entry.Id;
    }

    /// <summary>Pins an entry's pictures, which exempts them from retention, or unpins them.</summary>
    public Task<PinOutcome> PinAsync(Viewer viewer, long id, bool pinned) =>
        PinAsync(query.VisibleTo(viewer).Where(e => e.Id == id), pinned);

    /// <summary>Pins all pictures of an alert, or unpins them.</summary>
    public Task<PinOutcome> PinAlertAsync(Viewer viewer, long alertId, bool pinned) =>
        PinAsync(query.VisibleTo(viewer).Where(e => e.AlertId == alertId && e.CaptureState == CaptureState.Taken), pinned);

    private async Task<PinOutcome> PinAsync(IQueryable<ImageLogEntry> entries, bool pinned)
    {
        var visible = entries.Select(e => (long?)e.Id);
        // Serializes simultaneous pins, so that each counts the others
        await using var transaction = await db.Database.BeginTransactionAsync();
        var changed = await db.Snapshots.Where(s => visible.Contains(s.EntryId))
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.Pinned, pinned));
        if (changed == 0)
            return PinOutcome.NoPicture;
        if (pinned && await db.PinnedBytesAsync() > retention.MaxPinnedBytes)
            return PinOutcome.NoRoom;
        await transaction.CommitAsync();
        return PinOutcome.Done;
    }

    /// <summary>Deletes an entry and its pictures. The login attempt stays, as the record of what happened.</summary>
    /// <returns>False if there is no such entry, or it is another account's.</returns>
    public async Task<bool> DeleteAsync(Viewer viewer, long id) => await DeleteAsync(viewer, [id]) == 1;

    /// <summary>Deletes entries and their pictures in batches, so that others can write in between.</summary>
    /// <param name="viewer">Who deletes.</param>
    /// <param name="ids">Ids that do not exist or belong to other accounts are ignored.</param>
    /// <returns>How many entries were deleted.</returns>
    public async Task<int> DeleteAsync(Viewer viewer, IReadOnlyCollection<long> ids)
    {
        var deleted = 0;
        var found = await query.VisibleTo(viewer).Where(e => ids.Contains(e.Id)).Select(e => e.Id).ToListAsync();
        // Saved with the first batch: nothing disappears without a line, whatever happens to the others
        if (found.Count > 0)
        {
            activity.Add(viewer.Id, ActivityKind.EntriesDeleted, found.Count.ToString(CultureInfo.InvariantCulture),
                ActivityActor.Owner);
        }

        foreach (var batch in found.Chunk(BatchSize))
            deleted += await DeleteBatchAsync(viewer, batch);
        return deleted;
    }

    /// <summary>Deletes the newest entries that match a filter, at most <see cref="MaxDeleted"/>.</summary>
    /// <param name="viewer">Who deletes.</param>
    /// <param name="filter">Which entries.</param>
    /// <param name="before">Only entries before this place, so that entries added since the person confirmed are kept.</param>
    /// <returns>How many entries were deleted.</returns>
    public async Task<int> DeleteAsync(Viewer viewer, ImageLogFilter filter, LogPlace before) =>
        await DeleteAsync(viewer, [.. (await index.FindAsync(viewer, filter, before, MaxDeleted)).Select(p => p.Id)]);

    /// <summary>Deletes the entries that an alert has now, with their pictures.</summary>
    /// <param name="viewer">Who deletes.</param>
    /// <param name="alertId">Of another account's alert nothing is deleted.</param>
    /// <returns>How many entries were deleted.</returns>
    public async Task<int> DeleteAlertAsync(Viewer viewer, long alertId) => await DeleteAsync(
        viewer, await query.VisibleTo(viewer).Where(e => e.AlertId == alertId).Select(e => e.Id).ToListAsync());

    private async Task<int> DeleteBatchAsync(Viewer viewer, long[] ids)
    {
        List<string> files;
        int deleted;
        // No capture can add a picture between the two statements
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            var visible = query.VisibleTo(viewer).Where(e => ids.Contains(e.Id));
            var entries = await visible.Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip).ToListAsync();
            files = [.. entries.SelectMany(e => e.Snapshot?.FileNames() ?? [])];
            // Otherwise someone who got in could delete the entry before its mail is queued
            foreach (var entry in entries)
                if (entry is { LoginAttempt.ToldBy: ToldBy.OwnMail, CaptureState: CaptureState.Waiting })
                    await deliveries.AddForAsync(entry, pictureTaken: false);
            await db.SaveChangesAsync();
            deleted = await visible.ExecuteDeleteAsync();
            await transaction.CommitAsync();
        }

        if (deleted > 0)
        {
            logger.LogInformation(
                "Account {AccountId} deleted {Count} entries, the first of which is {EntryId}", viewer.Id, deleted, ids[0]);
        }

        foreach (var file in files)
            TryDeleteFile(file);
        return deleted;
    }

    private void TryDeleteFile(string fileName)
    {
        try
        {
            store.Delete(fileName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogError(error, "{FileName} could not be deleted; the hourly retention will try again", fileName);
        }
    }
}
