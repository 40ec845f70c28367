using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Jobs;

/// <summary>Adds the frames taken after a picture to its strip, about a second later. Nothing waits for them.</summary>
/// <remarks>
/// Not a job: it would hold a worker while it waits, and could not be repeated after a crash, because the frames are lost with
/// the ring. A strip without them is complete enough.
/// </remarks>
public sealed class StripCompletion(
    CameraFeed camera, IPictureStore store, OutagePatience outages, ILogger<StripCompletion> logger)
    : IHostedService, IDisposable
{
    /// <summary>The limit in a flood of attempts, because each completion holds frames in memory and uses the disk.</summary>
    private const int MaxPending = 32;

    private readonly ConcurrentDictionary<Task, bool> _pending = new();
    private readonly CancellationTokenSource _stop = new();
    private bool _stopped;

    /// <summary>Waits for the frames in the background, and stores them.</summary>
    /// <param name="snapshotId">The picture's row, already committed.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="places">The times of the missing frames.</param>
    public void Begin(long snapshotId, Frame picture, IReadOnlyList<DateTimeOffset> places)
    {
        ArgumentNullException.ThrowIfNull(places);
        if (places.Count == 0 || _pending.Count >= MaxPending || _stop.IsCancellationRequested)
            return;
        Task task;
        using (ExecutionContext.SuppressFlow())
            task = Task.Run(() => TryCompleteAsync(snapshotId, picture, places));
        _pending[task] = true;
        task.ContinueWith(
            done => _pending.TryRemove(done, out _),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, true))
            return;
        await _stop.CancelAsync();
        await WhenDoneAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits for all pending completions.</summary>
    internal Task WhenDoneAsync() => Task.WhenAll(_pending.Keys);

    /// <inheritdoc />
    public void Dispose()
    {
        // A host that is disposed of while it stops does both
        Interlocked.Exchange(ref _stopped, true);
        _stop.Dispose();
    }

    private async Task TryCompleteAsync(long snapshotId, Frame picture, IReadOnlyList<DateTimeOffset> places)
    {
        try
        {
            foreach (var frame in await camera.RestOfStripAsync(picture, places, _stop.Token))
                await AddAsync(snapshotId, store.Save(frame, camera.Name));
        }
        catch (Exception error)
        {
            if (!_stop.IsCancellationRequested)
            {
                logger.LogWarning(
                    "Snapshot {SnapshotId}: its strip could not be completed: {Problem}", snapshotId, error.Message);
            }

        }
    }

    /// <summary>Adds the row, or deletes the file if the picture was deleted in the meantime.</summary>
    private async Task AddAsync(long snapshotId, Snapshot frame)
    {
        var added = false;
        try
        {
            added = await outages.RecordAsync($"A frame of the strip of snapshot {snapshotId}",
                services => TryAddAsync(services, snapshotId, frame), _stop.Token);
        }
        finally
        {
            if (!added)
                store.Delete(frame.FileName);
        }
    }

    private static async Task<bool> TryAddAsync(IServiceProvider services, long snapshotId, Snapshot frame)
    {
        var db = services.GetRequiredService<SentinelCamDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var entryId = await db.Snapshots.Where(s => s.Id == snapshotId).Select(s => s.EntryId).SingleOrDefaultAsync();
        if (entryId is null)
            return false;
        frame.ForgetKeys();
        frame.StripOfId = snapshotId;
        db.Add(frame);
        await db.SaveChangesAsync();
        await services.GetRequiredService<ForwardPlan>().ChangedAsync(entryId.Value);
        await transaction.CommitAsync();
        return true;
    }
}
