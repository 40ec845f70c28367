using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Backups;

/// <summary>
/// Puts a backup into an empty data directory. Everything is unpacked beside its place and checked before the first file gets
/// there; the database comes last.
/// </summary>
public sealed class BackupRestore(DataDirectory data)
{
    /// <summary>The settings of the backup, to read.</summary>
    public const string SettingsFile = "restored-settings.json";

    private readonly string _staging = StagingOf(data);

    /// <summary>The site must not start on pictures without their rows.</summary>
    /// <exception cref="ConfigurationException">A restore was cut off while it moved files to their place.</exception>
    public static void CheckFinished(DataDirectory data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (IsMoving(data))
        {
            throw new ConfigurationException("DataDirectory", data.Root,
                "a directory whose restore was not cut off; run SentinelCam restore again.");
        }
    }

    /// <summary>Restores the backup. After a kill, the same call starts over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the restore; nothing is left behind.</param>
    /// <returns>The version of the SentinelCam that wrote the backup, and the number of its files.</returns>
    /// <exception cref="BackupException">It cannot be restored; nothing is left behind.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public (string Version, int Files) Restore(string path, CancellationToken cancellationToken)
    {
        PrepareEmpty();
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var manifest = BackupManifest.Read(archive);
            CheckVersion(manifest, [manifest.Schema]);
            var needed = manifest.Files.Sum(file => (decimal)file.Bytes) + DataDirectory.Reserve;
            if (new DriveInfo(data.Root).AvailableFreeSpace < needed)
                throw new BackupException($"There is not enough free space in {data.Root}.");
            foreach (var file in manifest.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Unpack(archive.GetEntry(file.Name)!, file);
            }

            CheckDatabase(manifest);
            DurableFile.FlushFileSystem(_staging);
            MoveToPlace();
            return (manifest.Version, manifest.Files.Count);
        }
        catch (InvalidDataException)
        {
            throw new BackupException("It is not a backup of SentinelCam, or it is damaged.");
        }
        finally
        {
            if (!IsMoving(data) && Directory.Exists(_staging))
                Directory.Delete(_staging, recursive: true);
        }
    }

    private static string StagingOf(DataDirectory data) => Path.Combine(data.Root, ".restore");

    /// <summary>The database gets its name there when everything is unpacked and checked, and leaves last.</summary>
    private static bool IsMoving(DataDirectory data) =>
        File.Exists(Path.Combine(StagingOf(data), BackupManifest.Database));

    /// <summary>Refuses a directory that holds data, except what a restore that was cut off has left.</summary>
    private void PrepareEmpty()
    {
        string[] databases = [data.Database, data.Jobs];
        var files = databases.SelectMany(path => new[] { path, path + "-wal", path + "-journal" });
        if (files.FirstOrDefault(path => new FileInfo(path) is { Exists: true, Length: > 0 }) is { } database)
            throw DataThere(database);
        if (IsMoving(data))
        {
            // Empty before, and no site has started since
            foreach (var folder in Directory.EnumerateDirectories(data.Snapshots))
                Directory.Delete(folder, recursive: true);
            foreach (var file in Directory.EnumerateFiles(data.Keys))
                File.Delete(file);
        }

        foreach (var folder in new[] { data.Snapshots, data.Keys })
            if (Directory.EnumerateFileSystemEntries(folder).FirstOrDefault() is { } entry)
                throw DataThere(entry);
        if (Directory.Exists(_staging))
            Directory.Delete(_staging, recursive: true);
        DataDirectory.CreatePrivate(_staging);
        DataDirectory.CreatePrivate(Path.Combine(_staging, BackupManifest.Snapshots));
        DataDirectory.CreatePrivate(Path.Combine(_staging, BackupManifest.Keys));
    }

    private static BackupException DataThere(string path) =>
        new($"There is data already: {path}. Restore to an empty directory, or move the data away.");

    private static void CheckVersion(BackupManifest manifest, IEnumerable<string> applied)
    {
        using var db = new SentinelCamDbContext(new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite().Options);
        if (applied.Except(db.Database.GetMigrations()).Any())
        {
            throw new BackupException($"It was written by SentinelCam {manifest.Version}. This version, {ProductVersion.Text}, "
                + $"is older. Install {manifest.Version} or later.");
        }
    }

    private string PathOf(BackupFile file) =>
        Path.Combine(_staging, file.Name == BackupManifest.Database ? "unchecked.db" : file.Name);

    private void Unpack(ZipArchiveEntry entry, BackupFile file)
    {
        var path = PathOf(file);
        // Private folders, one level after the other
        foreach (var index in Enumerable.Range(0, file.Name.Length).Where(i => file.Name[i] == '/'))
            DataDirectory.CreatePrivate(Path.Combine(_staging, file.Name[..index]));
        using var content = entry.Open();
        using var target = DurableFile.CreatePrivate(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 << 10];
        var left = file.Bytes;
        // A hostile archive can unpack to more than it says
        while (left >= 0 && content.Read(buffer) is > 0 and var read)
        {
            left -= read;
            target.Write(buffer, 0, read);
            hash.AppendData(buffer, 0, read);
        }

        if (left != 0 || Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256)
            throw new BackupException($"Its file {file.Name} is not the one of its manifest, so it is damaged.");
    }

    private void CheckDatabase(BackupManifest manifest)
    {
        try
        {
            using var database = SqliteFile.Open(Path.Combine(_staging, "unchecked.db"), SqliteOpenMode.ReadWrite);
            if (database.FindDamage() is { } damage)
                throw new BackupException($"Its database is damaged: {damage}");
            CheckVersion(manifest, database.ReadMigrations());
            Note(database, manifest);
        }
        catch (SqliteException error)
        {
            throw new BackupException($"Its database is damaged: {error.Message}");
        }
    }

    /// <summary>
    /// Adds the restore to the activity, and lets the next entry begin another epoch. A backup of an early version has neither.
    /// </summary>
    private static void Note(SqliteConnection database, BackupManifest manifest)
    {
        if (database.Read("SELECT name FROM sqlite_master WHERE name = 'DatabaseEpochs'").Count > 0)
            database.Execute("DELETE FROM DatabaseEpochs");
        if (database.Read("SELECT name FROM sqlite_master WHERE name = 'AccountActivity'").Count == 0)
            return;
        database.Execute(
            $"""
            INSERT INTO AccountActivity (At, Actor, Kind, Detail, RemoteAddress, Browser)
                VALUES (unixepoch() * 1000, '{ActivityActor.CommandLine}', '{ActivityKind.BackupRestored}', $p, '', '')
            """,
            VisitorText.CleanToBytes(manifest.Version, ActivityLog.MaxDetailBytes));
    }

    private void MoveToPlace()
    {
        var database = Path.Combine(_staging, BackupManifest.Database);
        File.Move(Path.Combine(_staging, "unchecked.db"), database);
        foreach (var folder in Directory.EnumerateDirectories(Path.Combine(_staging, BackupManifest.Snapshots)).ToList())
            Directory.Move(folder, Path.Combine(data.Snapshots, Path.GetFileName(folder)));
        foreach (var key in Directory.EnumerateFiles(Path.Combine(_staging, BackupManifest.Keys)).ToList())
            File.Move(key, Path.Combine(data.Keys, Path.GetFileName(key)));
        if (File.Exists(Path.Combine(_staging, BackupManifest.Settings)))
            File.Move(Path.Combine(_staging, BackupManifest.Settings), Path.Combine(data.Root, SettingsFile), overwrite: true);
        DurableFile.FlushFileSystem(data.Root);
        File.Move(database, data.Database, overwrite: true);
        DurableFile.FlushDirectory(data.Root);
    }
}
