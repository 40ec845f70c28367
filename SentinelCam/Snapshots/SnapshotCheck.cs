using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>Whether the pictures are as their rows say.</summary>
/// <param name="Count">The number of rows.</param>
/// <param name="Bad">The names of pictures that are missing or have other content.</param>
public sealed record SnapshotCheck(int Count, IReadOnlyList<string> Bad);

internal static class SnapshotChecks
{
    /// <summary>Reads every picture and compares its hash. Thumbnails are dispensable and not read.</summary>
    public static async Task<SnapshotCheck> CheckAsync(
        this IPictureStore store, SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        var rows = await db.Snapshots.AsNoTracking().ToListAsync(cancellationToken);
        var bad = new List<string>();
        foreach (var row in rows)
            if (await store.HashAsync(row, cancellationToken) != row.Sha256)
                bad.Add(row.FileName);
        // The site may have deleted some meanwhile, row first
        var stillKnown = new List<string>();
        foreach (var batch in bad.Chunk(500))
            stillKnown.AddRange(await db.Snapshots.Where(s => batch.Contains(s.FileName))
                .Select(s => s.FileName).ToListAsync(cancellationToken));
        return new(rows.Count, stillKnown);
    }

    private static async Task<string?> HashAsync(
        this IPictureStore store, Snapshot row, CancellationToken cancellationToken)
    {
        try
        {
            await using var picture = await store.OpenAsync(row, cancellationToken);
            return picture is null ? null : Convert.ToHexStringLower(await SHA256.HashDataAsync(picture.Jpeg, cancellationToken));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
