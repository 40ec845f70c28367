namespace SentinelCam.Data;

/// <summary>A value that all processes on one PostgreSQL share, see <see cref="ISharedValues"/>.</summary>
public sealed class SharedRow
{
    public required string Name { get; set; }

    /// <summary>Encrypted with the keys of Data Protection, which are in the same database.</summary>
    public required string ProtectedValue { get; set; }
}
