using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>What is the same wherever pictures are kept.</summary>
/// <param name="logger">The store's.</param>
public abstract class PictureStore(ILogger logger)
{
    protected ILogger Logger => logger;

    /// <inheritdoc cref="IPictureStore.SaveAsync" />
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

    /// <inheritdoc cref="IPictureStore.Save" />
    public abstract Snapshot Save(Frame frame, string cameraName);

    /// <inheritdoc cref="IPictureStore.Delete" />
    public abstract void Delete(string name);

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
            Logger.LogWarning("A frame of a strip could not be saved: {Problem}", error.Message);
        }
        return saved;
    }
}
