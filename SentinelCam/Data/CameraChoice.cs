namespace SentinelCam.Data;

/// <summary>The camera source that an administrator chose on the site for a node. The table has at most one row a node.</summary>
public sealed class CameraChoice
{
    public long Id { get; set; }

    /// <summary>The node that has the camera, as in <c>Node:Name</c>; null if a version without nodes stored it.</summary>
    public string? Node { get; set; }

    /// <summary>The source, encrypted with the keys in <c>keys/</c>, because an address may contain a password.</summary>
    public required string ProtectedSource { get; set; }

    public DateTimeOffset ChosenAt { get; set; }

    public long ChosenById { get; set; }
}
