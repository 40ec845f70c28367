using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

internal static class PinnedSnapshotsQuery
{
    /// <summary>The size of the pinned pictures with their strips, which have no pin of their own.</summary>
    public static async Task<long> PinnedBytesAsync(this SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        var pinned = db.Snapshots.Where(s => s.Pinned);
        return await pinned.SumAsync(s => s.Bytes, cancellationToken) + await pinned.SelectMany(s => s.Strip).SumAsync(s => s.Bytes, cancellationToken);
    }
}
