using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>Where the pictures of rows are kept, each with its thumbnail.</summary>
public interface IPictureStore
{
    /// <summary>Writes a picture and its strip in parallel, because a mail waits for both.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="strip">Selects the frames of the strip, which takes as long as writing the picture.</param>
    /// <param name="cameraName">Shown beside the picture.</param>
    /// <returns>
    /// The rows of the picture and its strip, not yet added to the context. A frame that cannot be written is left out.
    /// </returns>
    /// <exception cref="IOException">The picture cannot be written; nothing is left behind.</exception>
    Task<Snapshot> SaveAsync(Frame picture, Func<IReadOnlyList<Frame>> strip, string cameraName);

    /// <summary>
    /// Writes a frame under a random name, and returns its row, not yet added to the context. Once the row is committed, the
    /// picture is durable.
    /// </summary>
    /// <exception cref="IOException">There is no space, or it cannot be written; nothing is left behind.</exception>
    Snapshot Save(Frame frame, string cameraName);

    /// <summary>Opens a picture.</summary>
    /// <returns>Null if it is missing, as after its entry was deleted.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    ValueTask<StoredPicture?> OpenAsync(Snapshot snapshot, CancellationToken cancellationToken = default);

    /// <summary>Opens the thumbnail of a picture, or the picture if it has no thumbnail.</summary>
    /// <returns>Null if both are missing.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    ValueTask<StoredPicture?> OpenThumbnailAsync(Snapshot snapshot, CancellationToken cancellationToken = default);

    /// <summary>Whether a picture is there.</summary>
    ValueTask<bool> ExistsAsync(Snapshot snapshot, CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes what the deletion of a row leaves of its picture and thumbnail, by the name in the row. Ignores a picture that no
    /// longer exists.
    /// </summary>
    /// <exception cref="IOException">It exists and cannot be deleted.</exception>
    void Delete(string name);

    /// <summary>Deletes what crashes left behind: unfinished writes, and pictures without a row.</summary>
    /// <param name="db">The rows.</param>
    /// <param name="before">What was written later may belong to a row that is not committed yet, and stays.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The names of the pictures without a row, each once it is deleted.</returns>
    IAsyncEnumerable<string> DeleteLeftoversAsync(
        SentinelCamDbContext db, DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>A picture that is open for reading.</summary>
/// <param name="Jpeg">Its bytes. Seekable, so that the length is known.</param>
/// <param name="IsThumbnail">Whether it is the thumbnail.</param>
/// <param name="WrittenAt">When it was written.</param>
public sealed record StoredPicture(Stream Jpeg, bool IsThumbnail, DateTimeOffset WrittenAt) : IAsyncDisposable
{
    /// <summary>Reads all of it.</summary>
    public async Task<byte[]> ReadAsync()
    {
        var bytes = new byte[Jpeg.Length];
        await Jpeg.ReadExactlyAsync(bytes);
        return bytes;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Jpeg.DisposeAsync();
}
