namespace SentinelCam.Data;

/// <summary>A picture. Its file is written before the row, and deleted after it; in the database, both are one.</summary>
public sealed class Snapshot
{
    public long Id { get; set; }

    /// <summary>The entry that the picture belongs to; null for a frame of a strip.</summary>
    public long? EntryId { get; set; }

    /// <summary>The picture whose strip contains this frame; null for the picture itself.</summary>
    public long? StripOfId { get; set; }

    /// <summary>The frames shortly before and after this picture, in no particular order.</summary>
    public List<Snapshot> Strip { get; } = [];

    /// <summary>The path relative to <c>snapshots/</c>, or a name of the same form: <c>yyyy/MM/dd/random.jpg</c>.</summary>
    public required string FileName { get; set; }

    /// <summary>Whether there is a thumbnail.</summary>
    public bool HasThumbnail { get; set; }

    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>The size of the file in bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>The SHA-256 hash of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; set; }

    /// <summary>When the camera took the frame.</summary>
    public DateTimeOffset TakenAt { get; set; }

    /// <summary>From when its age counts, if the clock was wrong at <see cref="TakenAt"/>; otherwise null.</summary>
    public DateTimeOffset? AgesFrom { get; set; }

    public required string CameraName { get; set; }

    public FrameQuality Quality { get; set; }

    /// <summary>Sharpness times exposure. Higher is better; comparable only within one camera. Null without OpenCV.</summary>
    public double? Score { get; set; }

    public bool Pinned { get; set; }

    /// <summary>
    /// The picture itself, if it is kept in the database. It is added with the row, and read only where somebody asks for it.
    /// </summary>
    public PictureContent? Content { get; set; }

    /// <summary>The file names of the picture and of its strip, if that was loaded.</summary>
    public IEnumerable<string> FileNames() => Strip.Select(frame => frame.FileName).Prepend(FileName);

    /// <summary>Makes it a new row again, with its strip, after the transaction that added it was lost.</summary>
    public void ForgetKeys()
    {
        (Id, StripOfId) = (0, null);
        if (Content is not null)
            Content.SnapshotId = 0;
        foreach (var frame in Strip)
            frame.ForgetKeys();
    }
}
