namespace SentinelCam.Data;

/// <summary>The source that an administrator has chosen on the site; there is one row or none.</summary>
public sealed class CameraChoice
{
    public long Id { get; set; }

    /// <summary>The source, encrypted with the keys of <c>keys/</c>, since an address may hold a password.</summary>
    public required string ProtectedSource { get; set; }

    public DateTimeOffset ChosenAt { get; set; }

    public long ChosenById { get; set; }
}
