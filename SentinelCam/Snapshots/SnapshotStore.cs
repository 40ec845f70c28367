using System.Globalization;
using System.Security.Cryptography;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>The files under <c>snapshots/</c>. Rows point to files, never the other way round.</summary>
public sealed class SnapshotStore(DataDirectory data, Thumbnails thumbnails, ILogger<SnapshotStore> logger)
{
    /// <summary>Free space that pictures leave to the databases, in bytes: an attempt is recorded also when there is no room for its picture.</summary>
    public const long Reserve = 64L << 20;

    /// <summary>Writes a picture and, at the same time, its strip: a mail waits for both.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="strip">Finds the frames beside it, which takes as long as to write the picture.</param>
    /// <param name="cameraName">Shown beside the picture.</param>
    /// <returns>The picture's row with its strip, still to be added. A frame of the strip that cannot be written is left out.</returns>
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

    /// <summary>Writes a frame under a random name, on disk when this returns, and describes it in a row still to be added.</summary>
    /// <exception cref="IOException">The disk is full or the directory cannot be written; nothing is left behind.</exception>
    public Snapshot Save(Frame frame, string cameraName)
    {
        var name = string.Create(CultureInfo.InvariantCulture,
            $"{frame.TakenAt.UtcDateTime:yyyy}/{frame.TakenAt.UtcDateTime:MM}/{frame.TakenAt.UtcDateTime:dd}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}.jpg");
        if (new DriveInfo(data.Root).AvailableFreeSpace < Reserve + frame.Jpeg.Length)
            throw new IOException($"Less than {Reserve >> 20} MiB are free for {data.Root}.");
        // Made while the disk is busy with the picture
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

    /// <summary>A picture whose small copy cannot be written stays without it.</summary>
    private bool TrySaveThumbnail(string name, byte[]? thumbnail)
    {
        if (thumbnail is null)
            return false;
        try
        {
            DurableFile.WriteLoosely(PathOf(ThumbnailOf(name)), thumbnail);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The small copy of a picture was not kept: {Problem}", error.Message);
            return false;
        }
    }

    /// <summary>Never throws: a picture is worth more than its strip.</summary>
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
            logger.LogWarning("A frame beside a picture was not kept: {Problem}", error.Message);
        }
        return saved;
    }

    /// <summary>Removes picture and small copy; files that are gone already are fine.</summary>
    /// <exception cref="IOException">A file is there and cannot be removed.</exception>
    public void Delete(string name)
    {
        foreach (var path in new[] { PathOf(name), PathOf(ThumbnailOf(name)) })
            if (File.Exists(path))
                File.Delete(path);
    }

    /// <summary>The absolute path of a name that a row holds.</summary>
    public string PathOf(string name) => Path.Combine(data.Snapshots, name);

    /// <summary>The path of the small copy, or of the picture where there is none, or a power cut has emptied it.</summary>
    public string SmallPathOf(Snapshot snapshot)
    {
        var small = new FileInfo(PathOf(ThumbnailOf(snapshot.FileName)));
        return snapshot.HasThumbnail && small is { Exists: true, Length: > 0 } ? small.FullName : PathOf(snapshot.FileName);
    }

    public static string ThumbnailOf(string name) => Path.ChangeExtension(name, ".thumb.jpg");

    /// <summary>Removes the unfinished files that crashes left before the time given.</summary>
    public void DeleteHalvesOlderThan(DateTimeOffset time)
    {
        foreach (var path in Directory.EnumerateFiles(data.Snapshots, "*" + DurableFile.HalfExtension, SearchOption.AllDirectories))
            if (File.GetLastWriteTimeUtc(path) < time.UtcDateTime)
                File.Delete(path);
    }

    /// <summary>The names of all pictures whose file was written between the times given; a picture with a small copy comes twice.</summary>
    public IEnumerable<string> NamesBetween(DateTimeOffset start, DateTimeOffset end) =>
        from path in Directory.EnumerateFiles(data.Snapshots, "*.jpg", SearchOption.AllDirectories)
        let written = File.GetLastWriteTimeUtc(path)
        where written > start.UtcDateTime && written < end.UtcDateTime
        let name = Path.GetRelativePath(data.Snapshots, path).Replace('\\', '/')
        select name.EndsWith(".thumb.jpg", StringComparison.Ordinal) ? name.Replace(".thumb.jpg", ".jpg", StringComparison.Ordinal) : name;
}
