namespace SentinelCam.Data;

/// <summary>Which SentinelCam applied a migration, so that an older one can say which version the database needs.</summary>
public sealed class SchemaVersion
{
    /// <summary>The id of the migration.</summary>
    public required string Migration { get; set; }

    /// <summary>The version of the SentinelCam that applied it, see <c>ProductVersion</c>.</summary>
    public required string Version { get; set; }
}
