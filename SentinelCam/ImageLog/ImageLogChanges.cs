using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>What became of the wish to keep pictures from the retention, or to give them back to it.</summary>
public enum PinOutcome
{
    Done,

    /// <summary>There is no such entry with a picture, or it is somebody else's.</summary>
    NoPicture,

    /// <summary>Pinned pictures would take more than <see cref="RetentionOptions.MaxPinnedBytes"/>.</summary>
    NoRoom,
}

/// <summary>What a person does to their log: ask for a picture, pin it, delete entries.</summary>
public sealed class ImageLogChanges(SentinelCamDbContext db, ImageLogQuery query, ImageLogIndex index, DeliveryPlan deliveries, SnapshotStore store, RetentionOptions retention, TimeProvider time, ILogger<ImageLogChanges> logger)
{
    /// <summary>So many entries can be deleted at once.</summary>
    public const int MaxDeleted = 1_000;

    private const int BatchSize = 250;

    /// <summary>Adds the entry of a manual capture.</summary>
    /// <returns>Its id.</returns>
    public async Task<long> AddManualCaptureAsync(Viewer viewer)
    {
        var now = time.GetUtcNow();
        var entry = db.Add(new ImageLogEntry { OwnerId = viewer.Id, Trigger = CaptureTrigger.Manual, At = now, CaptureDueAt = now }).Entity;
        await db.SaveChangesAsync();
        logger.LogInformation("Entry {EntryId}: manual capture asked for by account {AccountId}", entry.Id, viewer.Id);
        return entry.Id;
    }

    /// <summary>Keeps an entry's pictures from the retention, or gives them back to it.</summary>
    public async Task<PinOutcome> PinAsync(Viewer viewer, long id, bool pinned)
    {
        var visible = query.VisibleTo(viewer).Where(e => e.Id == id).Select(e => (long?)e.Id);
        // Of two pins at once each counts the other
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Snapshots.Where(s => visible.Contains(s.EntryId)).ExecuteUpdateAsync(set => set.SetProperty(s => s.Pinned, pinned)) == 0)
            return PinOutcome.NoPicture;
        if (pinned && await db.PinnedBytesAsync() > retention.MaxPinnedBytes)
            return PinOutcome.NoRoom;
        await transaction.CommitAsync();
        return PinOutcome.Done;
    }

    /// <summary>Removes an entry, its pictures' rows and files. The login attempt stays: it is the record of what happened.</summary>
    /// <returns>False where there is no such entry, or it is somebody else's.</returns>
    public async Task<bool> DeleteAsync(Viewer viewer, long id) => await DeleteAsync(viewer, [id]) == 1;

    /// <summary>Removes entries as <see cref="DeleteAsync(Viewer, long)"/> does, in batches, so that others can write in between.</summary>
    /// <param name="viewer">Who deletes.</param>
    /// <param name="ids">Those that are not there, or somebody else's, are left out.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> DeleteAsync(Viewer viewer, IReadOnlyCollection<long> ids)
    {
        var deleted = 0;
        foreach (var batch in ids.Distinct().Chunk(BatchSize))
            deleted += await DeleteBatchAsync(viewer, batch);
        return deleted;
    }

    /// <summary>Removes the newest entries of a search, at most <see cref="MaxDeleted"/>.</summary>
    /// <param name="viewer">Who deletes.</param>
    /// <param name="filter">Which entries.</param>
    /// <param name="before">Only entries before this place: those that came after the question stay.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> DeleteAsync(Viewer viewer, ImageLogFilter filter, LogPlace before) =>
        await DeleteAsync(viewer, [.. (await index.FindAsync(viewer, filter, before, MaxDeleted)).Select(p => p.Id)]);

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
            // Otherwise anyone who is signed in could keep an alert's mail from its owner
            foreach (var entry in entries.Where(e => e is { LoginAttempt.ToldBy: ToldBy.OwnMail, CaptureState: CaptureState.Waiting }))
                await deliveries.AddForAsync(entry, pictureTaken: false);
            await db.SaveChangesAsync();
            deleted = await visible.ExecuteDeleteAsync();
            await transaction.CommitAsync();
        }

        if (deleted > 0)
            logger.LogInformation("{Count} entries deleted by account {AccountId}, the first is {EntryId}", deleted, viewer.Id, ids[0]);
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
            logger.LogError(error, "{FileName} could not be removed; the hourly retention tries again", fileName);
        }
    }
}
