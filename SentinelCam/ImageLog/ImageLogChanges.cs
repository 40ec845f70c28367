using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>What a person does to their log: ask for a picture, delete an entry.</summary>
public sealed class ImageLogChanges(SentinelCamDbContext db, ImageLogQuery query, SnapshotStore store, TimeProvider time, ILogger<ImageLogChanges> logger)
{
    /// <summary>Adds the entry of a manual capture.</summary>
    /// <returns>Its id, for the capture job.</returns>
    public async Task<long> AddManualCaptureAsync(Viewer viewer)
    {
        var now = time.GetUtcNow();
        var entry = db.Add(new ImageLogEntry { OwnerId = viewer.Id, Trigger = CaptureTrigger.Manual, At = now, CaptureDueAt = now }).Entity;
        await db.SaveChangesAsync();
        logger.LogInformation("Entry {EntryId}: manual capture asked for by account {AccountId}", entry.Id, viewer.Id);
        return entry.Id;
    }

    /// <summary>Removes entry, snapshot rows and files. The login attempt stays: it is the record of what happened.</summary>
    /// <returns>False where there is no such entry, or it is somebody else's.</returns>
    public async Task<bool> DeleteAsync(Viewer viewer, long id)
    {
        // No capture can add a picture between the two statements
        await using var transaction = await db.Database.BeginTransactionAsync();
        var visible = query.VisibleTo(viewer).Where(e => e.Id == id);
        var entry = await visible.Include(e => e.Snapshot!.Strip).SingleOrDefaultAsync();
        if (await visible.ExecuteDeleteAsync() == 0)
            return false;
        await transaction.CommitAsync();

        logger.LogInformation("Entry {EntryId} deleted by account {AccountId}", id, viewer.Id);
        foreach (var fileName in entry?.Snapshot?.FileNames() ?? [])
            TryDeleteFile(fileName);
        return true;
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
