using SentinelCam.Capture;

namespace SentinelCam.Snapshots;

/// <summary>A still that was saved to disk. The file is there before the row, and goes after it.</summary>
public sealed class Snapshot
{
    public long Id { get; set; }

    public long EntryId { get; set; }

    /// <summary>Relative to <c>snapshots/</c>, with forward slashes: <c>yyyy/MM/dd/random.jpg</c>.</summary>
    public required string FileName { get; set; }

    /// <summary>Whether a small copy lies beside it, see <see cref="SnapshotStore.ThumbnailOf"/>.</summary>
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

    /// <summary>Sharpness and exposure, higher is better; null where nobody has looked.</summary>
    public double? Score { get; set; }

    public bool Pinned { get; set; }
}
