using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>
/// Decides which entries are reported to the central SentinelCam, in the caller's transaction. That side then tells the owner.
/// </summary>
public sealed class ForwardPlan(SentinelCamDbContext db, ForwardOptions options, TimeProvider time)
{
    /// <summary>Plans the report of a new entry, or of another version if it was changed. Tests stay here.</summary>
    /// <param name="entry">The entry, which has an id, with its attempt.</param>
    public async Task AddAsync(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (options.Url is null || entry is not { LoginAttempt: { Outcome: not LoginOutcome.Test } attempt }
            || await ChangedAsync(entry.Id))
        {
            return;
        }

        db.Add(new Forward
        {
            EntryId = entry.Id,
            LoginAttemptId = attempt.Id,
            Epoch = await EpochAsync(),
            Version = 1,
            DueAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync();
    }

    /// <summary>Plans the report of another version of an entry that is reported.</summary>
    /// <returns>False if it is not.</returns>
    public async Task<bool> ChangedAsync(long entryId)
    {
        var now = time.GetUtcNow();
        return await db.Forwards.Where(f => f.EntryId == entryId).ExecuteUpdateAsync(set => set
            .SetProperty(f => f.Version, f => f.Version + 1)
            .SetProperty(f => f.State, f => f.State == ForwardState.Sending ? ForwardState.Sending : ForwardState.Waiting)
            // A refused or unreachable central side is asked again when it was going to be
            .SetProperty(f => f.DueAt, f => f.LastReply == null ? now : f.DueAt)) == 1;
    }

    /// <summary>Whether the central side tells the owner about an entry.</summary>
    public Task<bool> IsToldThereAsync(long entryId) => db.Forwards.AnyAsync(f => f.EntryId == entryId && !f.ToldHere);

    /// <summary>Whether the central side sends the summary of an alert: if it tells about each of its entries.</summary>
    public async Task<bool> IsSummedUpThereAsync(long alertId)
    {
        var told = db.Forwards.Where(f => !f.ToldHere);
        return await told.AnyAsync(f => f.LoginAttempt!.AlertId == alertId)
            && await db.ImageLog.Where(e => e.AlertId == alertId).AllAsync(e => told.Any(f => f.EntryId == e.Id));
    }

    private async Task<string> EpochAsync()
    {
        if (await db.DatabaseEpochs.SingleOrDefaultAsync() is not { } epoch)
            epoch = db.Add(new DatabaseEpoch { Id = DatabaseEpoch.OnlyId, Value = Guid.NewGuid().ToString("N") }).Entity;
        return epoch.Value;
    }
}
