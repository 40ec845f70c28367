using SentinelCam.Data;

namespace SentinelCam.Snapshots;

internal static class PinnedSnapshotsQuery
{
    /// <summary>The pinned pictures, with their strips: those have no pin of their own.</summary>
    public static IQueryable<Snapshot> PinnedSnapshots(this SentinelCamDbContext db) =>
        db.Snapshots.Where(s => s.Pinned || db.Snapshots.Any(picture => picture.Pinned && picture.Id == s.StripOfId));
}
