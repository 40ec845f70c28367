using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>
/// Pictures as files in <c>snapshots/</c>. Rows point to files, never the reverse. A row with a name that
/// <see cref="PictureRow"/> does not give has no picture.
/// </summary>
public sealed class PictureFolder(DataDirectory data, Thumbnails thumbnails, ILogger<PictureFolder> logger)
    : PictureStore(logger), IPictureStore
{
    /// <inheritdoc />
    public override Snapshot Save(Frame frame, string cameraName)
    {
        var snapshot = PictureRow.Of(frame, cameraName);
        var name = snapshot.FileName;
        if (data.FreeBytes < DataDirectory.Reserve + frame.Jpeg.Length)
            throw new IOException($"Less than {DataDirectory.Reserve >> 20} MiB of disk space is free for {data.Root}.");
        // Created while the disk is busy with the picture
        var thumbnailing = Task.Run(() => thumbnails.TryMake(frame.Jpeg));
        try
        {
            DurableFile.Write(PathOf(name), frame.Jpeg);
        }
        catch
        {
            Delete(name);
            throw;
        }
        snapshot.HasThumbnail = TrySaveThumbnail(name, thumbnailing.GetAwaiter().GetResult());
        return snapshot;
    }

    /// <summary>A picture whose thumbnail cannot be written is kept without one.</summary>
    private bool TrySaveThumbnail(string name, byte[]? thumbnail)
    {
        if (thumbnail is null)
            return false;
        try
        {
            DurableFile.WriteUnflushed(PathOf(ThumbnailOf(name)), thumbnail);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Logger.LogWarning("A thumbnail could not be saved: {Problem}", error.Message);
            return false;
        }
    }

    /// <inheritdoc />
    public ValueTask<StoredPicture?> OpenAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new(TryOpen(snapshot.FileName));
    }

    /// <summary>The picture replaces a thumbnail that is missing, or that a power cut has emptied.</summary>
    public ValueTask<StoredPicture?> OpenThumbnailAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var small = ThumbnailOf(snapshot.FileName);
        return snapshot.HasThumbnail && PictureRow.IsName(small) && new FileInfo(PathOf(small)) is { Exists: true, Length: > 0 }
            && TryOpen(small) is { } thumbnail
                ? new(thumbnail with { IsThumbnail = true })
                : OpenAsync(snapshot, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask<bool> ExistsAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new(PictureRow.IsName(snapshot.FileName) && File.Exists(PathOf(snapshot.FileName)));
    }

    /// <inheritdoc />
    public override void Delete(string name)
    {
        if (PictureRow.IsName(name))
            DeleteFiles(name);
    }

    private void DeleteFiles(string name)
    {
        foreach (var path in new[] { PathOf(name), PathOf(ThumbnailOf(name)) })
            if (File.Exists(path))
                File.Delete(path);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<string> DeleteLeftoversAsync(
        SentinelCamDbContext db, DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DeleteUnfinishedOlderThan(before);
        // After sentinelcam.db was replaced by a new one, the old one's pictures are not orphans
        var registrations = db.Users.OrderBy(a => a.RegisteredAt).Select(a => (DateTimeOffset?)a.RegisteredAt);
        if (await registrations.FirstOrDefaultAsync(cancellationToken) is not { } begun)
            yield break;
        foreach (var batch in NamesBetween(begun, before).Distinct().Chunk(500))
        {
            var known = await db.Snapshots.Where(s => batch.Contains(s.FileName))
                .Select(s => s.FileName).ToListAsync(cancellationToken);
            foreach (var name in batch.Except(known))
            {
                DeleteFiles(name);
                yield return name;
            }
        }
    }

    /// <summary>The absolute path of a file name from a row.</summary>
    internal string PathOf(string name) => Path.Combine(data.Snapshots, name);

    internal static string ThumbnailOf(string name) => Path.ChangeExtension(name, ".thumb.jpg");

    /// <returns>Null if the file does not exist.</returns>
    private StoredPicture? TryOpen(string name)
    {
        if (!PictureRow.IsName(name))
            return null;
        try
        {
            // Deleting it meanwhile must not fail on Windows
            var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete,
                bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            return new(file, false, File.GetLastWriteTimeUtc(file.SafeFileHandle));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    internal void DeleteUnfinishedOlderThan(DateTimeOffset time)
    {
        var pattern = "*" + DurableFile.UnfinishedExtension;
        foreach (var path in Directory.EnumerateFiles(data.Snapshots, pattern, SearchOption.AllDirectories))
            if (File.GetLastWriteTimeUtc(path) < time.UtcDateTime)
                File.Delete(path);
    }

    /// <summary>The names of pictures written between two times. A picture with a thumbnail is listed twice.</summary>
    internal IEnumerable<string> NamesBetween(DateTimeOffset start, DateTimeOffset end) =>
        from path in Directory.EnumerateFiles(data.Snapshots, "*.jpg", SearchOption.AllDirectories)
        let written = File.GetLastWriteTimeUtc(path)
        where written > start.UtcDateTime && written < end.UtcDateTime
        let name = Path.GetRelativePath(data.Snapshots, path).Replace('\\', '/')
        select name.EndsWith(".thumb.jpg", StringComparison.Ordinal)
            ? name.Replace(".thumb.jpg", ".jpg", StringComparison.Ordinal)
            : name;
}
