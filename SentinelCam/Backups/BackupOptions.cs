using SentinelCam.Configuration;

namespace SentinelCam.Backups;

/// <summary>Backups that are written every day.</summary>
/// <param name="Folder"><c>Backup:Folder</c>: where they are written. Null: nowhere.</param>
/// <param name="Keep"><c>Backup:Keep</c>: how many of them are kept.</param>
public sealed record BackupOptions(string? Folder, int Keep)
{
    /// <summary>Reads the keys. The folder need not exist yet: it may be on a disk that is connected later.</summary>
    /// <exception cref="ConfigurationException">A value is invalid.</exception>
    public static BackupOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var folder = configuration["Backup:Folder"];
        if (string.IsNullOrWhiteSpace(folder))
            folder = null;
        else if (!Path.IsPathFullyQualified(folder))
            throw new ConfigurationException("Backup:Folder", folder, "the absolute path of a folder.");
        return new(folder, Setting.Whole(configuration, "Backup:Keep", fallback: 7, min: 1, max: 10_000));
    }
}
