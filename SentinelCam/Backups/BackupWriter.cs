using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SentinelCam.Configuration;
using SentinelCam.Snapshots;

namespace SentinelCam.Backups;

/// <summary>A backup that was written.</summary>
/// <param name="Pictures">The number of pictures in it, with their strips.</param>
/// <param name="Missing">The number of rows whose picture is missing although nobody has deleted it.</param>
/// <param name="Bytes">The size of the file.</param>
public sealed record WrittenBackup(int Pictures, int Missing, long Bytes);

/// <summary>
/// Writes database, pictures, keys and settings to one file while the site runs. The database is copied first: a picture's file
/// exists before its row, so each row of the copy has its file, unless it was deleted since.
/// </summary>
public sealed class BackupWriter(DataDirectory data, IConfiguration configuration, TimeProvider time)
{
    /// <summary>Regular, readable by its owner only: for programs that unpack the file by hand.</summary>
    private const int PrivateFile = 0b1000_000_110_000_000 << 16;

    private readonly List<BackupFile> _files = [];

    /// <summary>Writes the backup under a temporary name, flushes it and renames it.</summary>
    /// <param name="path">The file, which must not exist.</param>
    /// <param name="cancellationToken">Ends the backup; nothing is left behind.</param>
    /// <exception cref="BackupException">It cannot be written; nothing is left behind.</exception>
    /// <exception cref="IOException">The file or the data cannot be read or written; nothing is left behind.</exception>
    /// <exception cref="SqliteException">The database cannot be read; nothing is left behind.</exception>
    public WrittenBackup Write(string path, CancellationToken cancellationToken)
    {
        path = Path.GetFullPath(path);
        if (Path.Exists(path))
            throw new BackupException($"{path} exists already. Choose another name.");
        if (new FileInfo(data.Database) is not { Exists: true, Length: > 0 })
            throw new BackupException($"There is no {data.Database}. Name the data directory with --DataDirectory.");
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
            throw new BackupException($"There is no folder {folder}.");

        var unfinished = $"{path}.{Guid.NewGuid():N}{DurableFile.UnfinishedExtension}";
        var copy = unfinished + ".db";
        try
        {
            var createdAt = time.GetUtcNow();
            using var live = SqliteFile.Open(data.Database, SqliteOpenMode.ReadOnly);
            CheckSpace(live, folder);
            DurableFile.CreatePrivate(copy).Dispose();
            if (live.CopyTo(copy) is { } damage)
            {
                throw new BackupException(
                    $"The database is damaged ({damage}), so it was not backed up. See SentinelCam check.");
            }

            WrittenBackup written;
            using (var file = DurableFile.CreatePrivate(unfinished))
            {
                using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
                    written = Pack(archive, live, copy, createdAt, cancellationToken);
                file.Flush(flushToDisk: true);
                written = written with { Bytes = file.Length };
            }

            File.Move(unfinished, path);
            DurableFile.FlushDirectory(folder);
            return written;
        }
        finally
        {
            foreach (var left in new[] { unfinished, copy, copy + "-journal" })
                File.Delete(left);
        }
    }

    /// <summary>A backup on the site's own disk must not take the space that attempts need.</summary>
    private void CheckSpace(SqliteConnection live, string folder)
    {
        var pictures = live.Read("SELECT CAST(IFNULL(SUM(Bytes), 0) AS TEXT) FROM Snapshots")[0];
        var needed = (2 * new FileInfo(data.Database).Length)
            + long.Parse(pictures, CultureInfo.InvariantCulture) + DataDirectory.Reserve;
        if (new DriveInfo(folder).AvailableFreeSpace < needed)
            throw new BackupException($"The backup needs {needed >> 20} MiB of free space in {folder}.");
    }

    private WrittenBackup Pack(
        ZipArchive archive, SqliteConnection live, string copy, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        string schema;
        var missing = 0;
        var pictures = 0;
        using (var database = SqliteFile.Open(copy, SqliteOpenMode.ReadWrite))
        {
            schema = database.ReadMigrations()[^1];
            foreach (var name in database.Read("SELECT FileName FROM Snapshots ORDER BY Id"))
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Restoring refuses other names
                if (PictureRow.IsName(name)
                    && TryAdd(archive, BackupManifest.Snapshots + name, Path.Combine(data.Snapshots, name)))
                {
                    pictures++;
                    var small = PictureFolder.ThumbnailOf(name);
                    TryAdd(archive, BackupManifest.Snapshots + small, Path.Combine(data.Snapshots, small));
                }
                else if (live.Read("SELECT FileName FROM Snapshots WHERE FileName = $p", name) is [])
                {
                    // Deleted since the copy, row first. The row of the copy goes, too
                    database.Execute("DELETE FROM Snapshots WHERE FileName = $p", name);
                }
                else
                {
                    missing++;
                }
            }
        }

        foreach (var key in Directory.EnumerateFiles(data.Keys, "*.xml").Order(StringComparer.Ordinal))
            if (BackupManifest.Names.IsMatch(BackupManifest.Keys + Path.GetFileName(key)))
                TryAdd(archive, BackupManifest.Keys + Path.GetFileName(key), key);
        Add(archive, BackupManifest.Settings, new MemoryStream(BackupSettings.ToBytes(configuration)));
        using (var database = File.OpenRead(copy))
            Add(archive, BackupManifest.Database, database);
        var manifest = new BackupManifest(BackupManifest.CurrentFormat, ProductVersion.Text, schema, createdAt, [.. _files]);
        Add(archive, BackupManifest.FileName, new MemoryStream(manifest.ToBytes()));
        return new(pictures, missing, 0);
    }

    /// <returns>False if the file does not exist.</returns>
    private bool TryAdd(ZipArchive archive, string name, string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Add(archive, name, file);
            return true;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private void Add(ZipArchive archive, string name, Stream content)
    {
        // JPEGs do not get smaller
        var entry = archive.CreateEntry(
            name, name.EndsWith(".jpg", StringComparison.Ordinal) ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
        entry.ExternalAttributes = PrivateFile;
        using var target = entry.Open();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 << 10];
        var bytes = 0L;
        while (content.Read(buffer) is > 0 and var read)
        {
            target.Write(buffer, 0, read);
            hash.AppendData(buffer, 0, read);
            bytes += read;
        }

        _files.Add(new(name, bytes, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }
}
