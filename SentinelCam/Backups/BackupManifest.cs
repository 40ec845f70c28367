using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using SentinelCam.Snapshots;

namespace SentinelCam.Backups;

/// <summary>What a backup holds. The last file in it, so that an incomplete backup has none.</summary>
/// <param name="Format">The version of the format.</param>
/// <param name="Version">The version of the SentinelCam that wrote it.</param>
/// <param name="Schema">The database's last migration.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="Files">All other files.</param>
internal sealed partial record BackupManifest(
    int Format, string Version, string Schema, DateTimeOffset CreatedAt, IReadOnlyList<BackupFile> Files)
{
    /// <summary>The only format so far.</summary>
    public const int CurrentFormat = 1;

    public const string FileName = "manifest.json";
    public const string Database = "sentinelcam.db";
    public const string Settings = "settings.json";
    public const string Keys = "keys/";
    public const string Snapshots = "snapshots/";

    /// <summary>Enough for a million pictures. A manifest is read into memory.</summary>
    private const long MaxBytes = 256 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The names that a backup can have. None of them leads out of the folder that it is restored to.</summary>
    [GeneratedRegex(
        @"^(sentinelcam\.db|settings\.json|keys/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.xml|snapshots/" + PictureRow.Names + @")\z")]
    public static partial Regex Names { get; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads the manifest, and compares it with the archive's list of files.</summary>
    /// <exception cref="BackupException">It is missing, of another format, or does not agree with the list.</exception>
    public static BackupManifest Read(ZipArchive archive)
    {
        ArgumentNullException.ThrowIfNull(archive);
        var own = archive.Entries.Where(entry => entry.FullName == FileName).ToList();
        if (own is not [{ Length: <= MaxBytes } only])
            throw new BackupException("It has no manifest, so it is incomplete, or no backup of SentinelCam.");
        var manifest = Parse(only);
        if (manifest.Format != CurrentFormat)
        {
            throw new BackupException(
                $"It has the format {manifest.Format} of SentinelCam {manifest.Version}, which this version cannot read.");
        }

        var names = manifest.Files.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        if (names.FirstOrDefault(name => !Names.IsMatch(name)) is { } strange)
            throw new BackupException($"It has a file that no backup has: \"{new string([.. strange.Take(100)])}\".");
        var sizes = manifest.Files.DistinctBy(file => file.Name).ToDictionary(file => file.Name, file => file.Bytes);
        var listed = archive.Entries.Where(entry => entry != only).ToList();
        if (names.Count != manifest.Files.Count || listed.Count != names.Count || !names.Contains(Database)
            || !names.SetEquals(listed.Select(entry => entry.FullName))
            || listed.Exists(entry => entry.Length != sizes[entry.FullName]))
            throw new BackupException("Its files are not those of its manifest, so it is damaged.");
        return manifest;
    }

    private static BackupManifest Parse(ZipArchiveEntry entry)
    {
        try
        {
            using var stream = entry.Open();
            var manifest = JsonSerializer.Deserialize<BackupManifest>(stream, Json);
            return manifest is { Version: not null, Schema: not null, Files: not null }
                && manifest.Files.All(file => file is { Name: not null, Sha256: not null })
                ? manifest
                : throw new BackupException("Its manifest is damaged.");
        }
        catch (JsonException)
        {
            throw new BackupException("Its manifest is damaged.");
        }
    }
}

/// <summary>A file in a backup.</summary>
/// <param name="Name">Its path in the backup, with forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its hash, in lower-case hexadecimal.</param>
internal sealed record BackupFile(string Name, long Bytes, string Sha256);
