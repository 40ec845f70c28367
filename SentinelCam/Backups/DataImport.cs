using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Backups;

/// <summary>
/// Copies a data directory into an empty PostgreSQL: rows and keys in one transaction, then pictures in batches. After an
/// interruption it goes on. The directory is only read.
/// </summary>
/// <param name="directory">The data directory, locked.</param>
/// <param name="target">The database, with this version's schema.</param>
/// <param name="values">The shared values of the database.</param>
/// <param name="thumbnails">For the folder of pictures, which makes none here.</param>
/// <param name="report">Gets what was done, in sentences.</param>
public sealed class DataImport(
    DataDirectory directory, PostgresDbContext target, ISharedValues values, Thumbnails thumbnails, Action<string> report)
{
    private const int PicturesAtOnce = 20;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly PictureFolder _folder = new(directory, thumbnails, NullLogger<PictureFolder>.Instance);
    private int _foreign;

    /// <summary>Copies what is missing, and compares everything.</summary>
    /// <exception cref="BackupException">It cannot be imported, or differs afterwards.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var copy = Directory.CreateTempSubdirectory("sentinelcam-import-").FullName;
        try
        {
            await using var source = Open(copy);
            if (source.FindDamage() is { } damage)
                throw new BackupException($"{directory.Database} is damaged ({damage}). See SentinelCam check.");
            await RunAsync(source, cancellationToken);
        }
        catch (InvalidDataException error)
        {
            throw new BackupException($"{directory.Database} cannot be imported. {error.Message}");
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private async Task RunAsync(SqliteConnection source, CancellationToken cancellationToken)
    {
        await CheckSchemaAsync(source, cancellationToken);
        var rows = new RowImport(source, target);
        var keys = Directory.EnumerateFiles(directory.Keys, "*.xml").Order(StringComparer.Ordinal)
            .Select(path => (Path.GetFileNameWithoutExtension(path), File.ReadAllText(path))).ToList();
        var copied = await rows.CopyAsync(keys, cancellationToken)
            ?? throw new BackupException("The database is not empty, or an import of other data has begun in it. "
                + "Create a new one. If this import was interrupted, the directory has changed since.");
        report(copied > 0
            ? Invariant($"{copied} rows and {keys.Count} keys were copied.")
            : "The rows are there already, from an import that was interrupted.");

        var (missing, failed) = (await CopyPicturesAsync(cancellationToken), new List<string>());
        report("Comparing.");
        failed.AddRange((await rows.FindDifferencesAsync(cancellationToken)).Select(table => $"the rows of {table}"));
        var damaged = new List<string>();
        foreach (var name in await rows.FindOtherPicturesAsync(cancellationToken))
        {
            if (await IsSameAsync(name, cancellationToken))
                damaged.Add(name);
            else
                failed.Add($"the picture {name}");
        }

        if (failed.Count > 0)
        {
            throw new BackupException(Invariant($"The import failed: {failed.Count} parts differ, such as {failed[0]}. ")
                + "Create a new database and repeat it.");
        }

        await ShareNameAsync();
        var pictures = await target.PictureContents.CountAsync(cancellationToken);
        await rows.FinishAsync(cancellationToken);
        report(Invariant($"Done: all rows and {pictures} pictures are in the database, and are the same as in {directory.Root}, ")
            + "which was not changed.");
        if (missing > 0)
            report(Invariant($"{missing} pictures were already missing in the directory."));
        if (_foreign > 0)
        {
            report(Invariant($"{_foreign} pictures were left out: they are links, or have names that SentinelCam does not give, ")
                + "and could be files of others.");
        }

        if (damaged.Count > 0)
        {
            report(Invariant($"{damaged.Count} pictures were already damaged in the directory, such as {damaged[0]}. ")
                + "They were copied as they are.");
        }
    }

    /// <summary>
    /// Reads the file itself if it is complete. What a site that was killed left in the write-ahead log needs a copy, because
    /// SQLite would write to the directory.
    /// </summary>
    private SqliteConnection Open(string copy)
    {
        var log = new FileInfo(directory.Database + "-wal");
        if (log is not { Exists: true, Length: > 0 })
            return SqliteFile.Open($"{new Uri(directory.Database).AbsoluteUri}?immutable=1", SqliteOpenMode.ReadOnly);
        var database = Path.Combine(copy, "sentinelcam.db");
        File.Copy(directory.Database, database);
        File.Copy(log.FullName, database + "-wal");
        return SqliteFile.Open(database, SqliteOpenMode.ReadWrite);
    }

    private async Task CheckSchemaAsync(SqliteConnection source, CancellationToken cancellationToken)
    {
        await using var db = new SentinelCamDbContext(
            new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite(source).Options);
        if (await db.FindNewerAsync() is { } problem)
            throw new BackupException($"{directory.Database} is not of this version. {problem}.");
        if ((await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
        {
            throw new BackupException($"{directory.Database} belongs to an older SentinelCam. Start this version, "
                + $"{ProductVersion.Text}, once on the directory without PostgreSQL, stop it and repeat this.");
        }
    }

    /// <returns>How many pictures the directory does not have.</returns>
    private async Task<int> CopyPicturesAsync(CancellationToken cancellationToken)
    {
        var (last, missing, done) = (0L, 0, 0);
        var total = await target.Snapshots.CountAsync(
            s => !target.PictureContents.Any(c => c.SnapshotId == s.Id), cancellationToken);
        var reportedAt = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var batch = await target.Snapshots.AsNoTracking()
                .Where(s => s.Id > last && !target.PictureContents.Any(c => c.SnapshotId == s.Id))
                .OrderBy(s => s.Id).Take(PicturesAtOnce).ToListAsync(cancellationToken);
            if (batch.Count == 0)
                return missing;
            foreach (var row in batch)
                missing += await AddAsync(row, cancellationToken) ? 0 : 1;
            await target.SaveChangesAsync(cancellationToken);
            target.ChangeTracker.Clear();
            (last, done) = (batch[^1].Id, done + batch.Count);
            if (TimeProvider.System.GetElapsedTime(reportedAt) < ReportInterval)
                continue;
            reportedAt = TimeProvider.System.GetTimestamp();
            report(Invariant($"{done} of {total} pictures."));
        }
    }

    /// <returns>False if the directory does not have it.</returns>
    private async Task<bool> AddAsync(Snapshot row, CancellationToken cancellationToken)
    {
        if (IsForeign(row.FileName))
        {
            _foreign++;
            return true;
        }

        await using var picture = await _folder.OpenAsync(row, cancellationToken);
        if (picture is null)
            return false;
        await using var thumbnail = await _folder.OpenThumbnailAsync(row, cancellationToken);
        target.PictureContents.Add(new PictureContent
        {
            SnapshotId = row.Id,
            Jpeg = await picture.ReadAsync(),
            Thumbnail = thumbnail is { IsThumbnail: true } ? await thumbnail.ReadAsync() : null,
        });
        return true;
    }

    /// <summary>
    /// Whether it would be read from anywhere else than its own place. This user may read more than the site, and the owner of
    /// the row would see it.
    /// </summary>
    private bool IsForeign(string name) => !PictureRow.IsName(name)
        || IsBehindLink(_folder.PathOf(name)) || IsBehindLink(_folder.PathOf(PictureFolder.ThumbnailOf(name)));

    /// <summary>Whether the path is a link below <c>snapshots/</c>, or leads through one.</summary>
    private bool IsBehindLink(string path) =>
        path != directory.Snapshots && (new FileInfo(path).LinkTarget is not null || IsBehindLink(Path.GetDirectoryName(path)!));

    /// <summary>Whether a picture that is not as its row says is the same in the directory.</summary>
    private async Task<bool> IsSameAsync(string name, CancellationToken cancellationToken)
    {
        var content = await (from row in target.Snapshots
                             where row.FileName == name
                             join stored in target.PictureContents on row.Id equals stored.SnapshotId
                             select new { Row = row, stored.Jpeg }).AsNoTracking().SingleAsync(cancellationToken);
        await using var picture = await _folder.OpenAsync(content.Row, cancellationToken);
        return picture is not null && (await picture.ReadAsync()).AsSpan().SequenceEqual(content.Jpeg);
    }

    /// <summary>Who is signed in stays so: cookies have the same name as before.</summary>
    private async Task ShareNameAsync()
    {
        try
        {
            await values.ChangeAsync(DataServices.InstanceName, _ => directory.InstanceName);
        }
        catch (CryptographicException)
        {
            report("There were no keys, so everybody has to sign in again.");
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
