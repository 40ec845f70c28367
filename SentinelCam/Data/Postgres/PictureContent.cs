namespace SentinelCam.Data;

/// <summary>
/// The bytes of a picture on PostgreSQL, where several processes share them. In a table of their own, so that queries of rows
/// never read them.
/// </summary>
public sealed class PictureContent
{
    /// <summary>The picture's row, with which it is added and deleted.</summary>
    public long SnapshotId { get; set; }

    public required byte[] Jpeg { get; set; }

    /// <summary>Null if there is no thumbnail.</summary>
    public byte[]? Thumbnail { get; set; }
}
