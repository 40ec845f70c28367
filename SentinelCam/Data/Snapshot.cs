namespace SentinelCam.Data;

/// <summary>A still that was saved to disk. The file is there before the row, and goes after it.</summary>
public sealed class Snapshot
{
    public long Id { get; set; }

    /// <summary>The entry whose picture this is; null for a frame of a strip.</summary>
    public long? EntryId { get; set; }

    /// <summary>The picture that this frame stands beside; null for the picture itself.</summary>
    public long? StripOfId { get; set; }

    /// <summary>The frames shortly before and after this picture, in no order.</summary>
    public List<Snapshot> Strip { get; } = [];

    /// <summary>Relative to <c>snapshots/</c>, with forward slashes: <c>yyyy/MM/dd/random.jpg</c>.</summary>
    public required string FileName { get; set; }

    /// <summary>Whether a small copy lies beside it, see <c>SnapshotStore.ThumbnailOf</c>.</summary>
    public bool HasThumbnail { get; set; }

    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>Size of the file in bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>Of the file's bytes, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; set; }

    /// <summary>When the camera took the frame.</summary>
    public DateTimeOffset TakenAt { get; set; }

    public required string CameraName { get; set; }

    public FrameQuality Quality { get; set; }

    /// <summary>Sharpness times exposure, higher is better, comparable within one camera; null without OpenCV.</summary>
    public double? Score { get; set; }

    public bool Pinned { get; set; }

    /// <summary>The names of all files that go with this row: its own, and those of its strip, as far as it was loaded.</summary>
    public IEnumerable<string> FileNames() => Strip.Select(frame => frame.FileName).Prepend(FileName);
}
