using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

internal static class PinnedSnapshotsQuery
{
    /// <summary>The size in bytes of the pinned pictures and their strips. Frames of a strip are not pinned themselves.</summary>
    public static async Task<long> PinnedBytesAsync(this SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        var pinned = db.Snapshots.Where(s => s.Pinned);
        return await pinned.SumAsync(s => s.Bytes, cancellationToken)
            + await pinned.SelectMany(s => s.Strip).SumAsync(s => s.Bytes, cancellationToken);
    }
}
