using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Alerts;

/// <summary>Reads the pictures of a mail from where they are stored.</summary>
public sealed class StoredMailPictures(IPictureStore store)
{
    /// <summary>Enough for about ten thumbnails.</summary>
    private const int MaxStripBytes = 100_000;

    /// <summary>Reads the pictures of entries, without those that are no longer stored.</summary>
    public async Task<IReadOnlyList<MailPicture>> ReadAsync(IEnumerable<ImageLogEntry> entries)
    {
        var pictures = new List<MailPicture>();
        foreach (var entry in entries)
        {
            if (entry.Snapshot is { } snapshot && await TryReadAsync(snapshot, entry.At) is { } picture)
                pictures.Add(picture with { Attempt = entry.LoginAttempt?.NumberInAlert });
        }

        return pictures;
    }

    /// <summary>Reads the frames of the strip that are stored by now, as thumbnails if there are any.</summary>
    public async Task<IReadOnlyList<MailPicture>> ReadStripAsync(Snapshot snapshot)
    {
        var strip = new List<MailPicture>();
        var room = MaxStripBytes;
        foreach (var frame in snapshot.Strip.OrderBy(f => f.TakenAt))
        {
            await using var picture = await store.OpenThumbnailAsync(frame);
            // Its entry was just deleted; or there is no thumbnail, and the full picture is too large
            if (picture is null || picture.Jpeg.Length > room)
                continue;
            var jpeg = await picture.ReadAsync();
            room -= jpeg.Length;
            strip.Add(new MailPicture(
                jpeg, $"sentinelcam-{frame.TakenAt.UtcDateTime:yyyyMMdd-HHmmss-fff}.jpg",
                frame.TakenAt, frame.Width, frame.Height, SnapshotLabel.Beside(frame, snapshot)));
        }

        return strip;
    }

    private async Task<MailPicture?> TryReadAsync(Snapshot snapshot, DateTimeOffset moment)
    {
        await using var picture = await store.OpenAsync(snapshot);
        return picture is null ? null : new MailPicture(
            await picture.ReadAsync(), $"sentinelcam-{snapshot.TakenAt.UtcDateTime:yyyyMMdd-HHmmss}.jpg",
            snapshot.TakenAt, snapshot.Width, snapshot.Height, SnapshotLabel.Of(snapshot, moment));
    }
}
