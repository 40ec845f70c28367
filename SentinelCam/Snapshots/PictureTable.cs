using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>
/// Pictures in the database, for several processes. A picture is committed with its row and deleted with it, so nothing is ever
/// left behind.
/// </summary>
public sealed class PictureTable(
    IServiceScopeFactory scopes, Thumbnails thumbnails, ILogger<PictureTable> logger) : PictureStore(logger), IPictureStore
{
    /// <inheritdoc />
    public override Snapshot Save(Frame frame, string cameraName)
    {
        var thumbnail = thumbnails.TryMake(frame.Jpeg);
        var snapshot = PictureRow.Of(frame, cameraName);
        snapshot.HasThumbnail = thumbnail is not null;
        snapshot.Content = new PictureContent { Jpeg = frame.Jpeg, Thumbnail = thumbnail };
        return snapshot;
    }

    /// <inheritdoc />
    public ValueTask<StoredPicture?> OpenAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        ReadAsync(snapshot, contents => contents.Select(c => new Bytes(c.Jpeg, false)), cancellationToken);

    /// <inheritdoc />
    public ValueTask<StoredPicture?> OpenThumbnailAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        ReadAsync(
            snapshot, contents => contents.Select(c => new Bytes(c.Thumbnail ?? c.Jpeg, c.Thumbnail != null)), cancellationToken);

    /// <inheritdoc />
    public async ValueTask<bool> ExistsAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        await using var scope = scopes.CreateAsyncScope();
        var contents = scope.ServiceProvider.GetRequiredService<PostgresDbContext>().PictureContents;
        return await contents.AnyAsync(c => c.SnapshotId == snapshot.Id, cancellationToken);
    }

    /// <inheritdoc />
    public override void Delete(string name)
    {
        // It went with its row
    }

    /// <inheritdoc />
    public IAsyncEnumerable<string> DeleteLeftoversAsync(
        SentinelCamDbContext db, DateTimeOffset before, CancellationToken cancellationToken) => AsyncEnumerable.Empty<string>();

    private async ValueTask<StoredPicture?> ReadAsync(
        Snapshot snapshot, Func<IQueryable<PictureContent>, IQueryable<Bytes>> select, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        await using var scope = scopes.CreateAsyncScope();
        var contents = scope.ServiceProvider.GetRequiredService<PostgresDbContext>().PictureContents;
        var read = await select(contents.Where(c => c.SnapshotId == snapshot.Id)).SingleOrDefaultAsync(cancellationToken);
        return read is null ? null : new(new MemoryStream(read.Jpeg, writable: false), read.IsThumbnail, snapshot.TakenAt);
    }

    private sealed record Bytes(byte[] Jpeg, bool IsThumbnail);
}
