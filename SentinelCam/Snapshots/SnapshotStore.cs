using System.Globalization;
using System.Security.Cryptography;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>The files in <c>snapshots/</c>. Rows point to files, never the reverse.</summary>
public sealed class SnapshotStore(DataDirectory data, Thumbnails thumbnails, ILogger<SnapshotStore> logger)
{
    /// <summary>
    /// Free space in bytes reserved for the databases, so that attempts can be recorded when no space is left for pictures.
    /// </summary>
    public const long Reserve = 64L << 20;

    /// <summary>Writes a picture and its strip in parallel, because a mail waits for both.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="strip">Selects the frames of the strip, which takes as long as writing the picture.</param>
    /// <param name="cameraName">Shown beside the picture.</param>
    /// <returns>
    /// The rows of the picture and its strip, not yet added to the context. A frame that cannot be written is left out.
    /// </returns>
    /// <exception cref="IOException">The picture cannot be written; nothing is left behind.</exception>
    public async Task<Snapshot> SaveAsync(Frame picture, Func<IReadOnlyList<Frame>> strip, string cameraName)
    {
        var beside = Task.Run(() => TrySave(strip, cameraName));
        try
        {
            var snapshot = Save(picture, cameraName);
            snapshot.Strip.AddRange(await beside);
            return snapshot;
        }
        catch
        {
            foreach (var frame in await beside)
                Delete(frame.FileName);
            throw;
        }
    }

    /// <summary>Writes a frame durably under a random name, and returns its row, not yet added to the context.</summary>
    /// <exception cref="IOException">The disk is full or the directory cannot be written; nothing is left behind.</exception>
    public Snapshot Save(Frame frame, string cameraName)
    {
        var (day, random) = (frame.TakenAt.UtcDateTime, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var name = string.Create(CultureInfo.InvariantCulture, $"{day:yyyy}/{day:MM}/{day:dd}/{random}.jpg");
        if (data.FreeBytes < Reserve + frame.Jpeg.Length)
            throw new IOException($"Less than {Reserve >> 20} MiB of disk space is free for {data.Root}.");
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
        var hasThumbnail = TrySaveThumbnail(name, thumbnailing.GetAwaiter().GetResult());

        return new Snapshot
        {
            FileName = name,
            HasThumbnail = hasThumbnail,
            Width = frame.Width,
            Height = frame.Height,
            Bytes = frame.Jpeg.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(frame.Jpeg)),
            TakenAt = frame.TakenAt,
            CameraName = cameraName,
            Quality = frame.Quality,
            Score = frame.Score,
        };
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
            logger.LogWarning("A thumbnail could not be saved: {Problem}", error.Message);
            return false;
        }
    }

    /// <summary>Never throws, because a failed strip must not cost the picture.</summary>
    private List<Snapshot> TrySave(Func<IReadOnlyList<Frame>> strip, string cameraName)
    {
        var saved = new List<Snapshot>();
        try
        {
            foreach (var frame in strip())
                saved.Add(Save(frame, cameraName));
        }
        catch (Exception error)
        {
            logger.LogWarning("A frame of a strip could not be saved: {Problem}", error.Message);
        }
        return saved;
    }

    /// <summary>Deletes a picture and its thumbnail. Ignores files that no longer exist.</summary>
    /// <exception cref="IOException">A file exists and cannot be deleted.</exception>
    public void Delete(string name)
    {
        foreach (var path in new[] { PathOf(name), PathOf(ThumbnailOf(name)) })
            if (File.Exists(path))
                File.Delete(path);
    }

    /// <summary>The absolute path of a file name from a row.</summary>
    public string PathOf(string name) => Path.Combine(data.Snapshots, name);

    /// <summary>The path of the thumbnail, or of the picture if the thumbnail is missing or a power cut has emptied it.</summary>
    public string SmallPathOf(Snapshot snapshot)
    {
        var small = new FileInfo(PathOf(ThumbnailOf(snapshot.FileName)));
        return snapshot.HasThumbnail && small is { Exists: true, Length: > 0 } ? small.FullName : PathOf(snapshot.FileName);
    }

    public static string ThumbnailOf(string name) => Path.ChangeExtension(name, ".thumb.jpg");

    /// <summary>Deletes unfinished files that crashes left behind before the given time.</summary>
    public void DeleteUnfinishedOlderThan(DateTimeOffset time)
    {
        var pattern = "*" + DurableFile.UnfinishedExtension;
        foreach (var path in Directory.EnumerateFiles(data.Snapshots, pattern, SearchOption.AllDirectories))
            if (File.GetLastWriteTimeUtc(path) < time.UtcDateTime)
                File.Delete(path);
    }

    /// <summary>The names of pictures written between two times. A picture with a thumbnail is listed twice.</summary>
    public IEnumerable<string> NamesBetween(DateTimeOffset start, DateTimeOffset end) =>
        from path in Directory.EnumerateFiles(data.Snapshots, "*.jpg", SearchOption.AllDirectories)
        let written = File.GetLastWriteTimeUtc(path)
        where written > start.UtcDateTime && written < end.UtcDateTime
        let name = Path.GetRelativePath(data.Snapshots, path).Replace('\\', '/')
        select name.EndsWith(".thumb.jpg", StringComparison.Ordinal)
            ? name.Replace(".thumb.jpg", ".jpg", StringComparison.Ordinal)
            : name;
}
