using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Jobs;

/// <summary>
/// One try to take the picture for an image log entry, after which its mail is due. If the camera fails, the mail is sent without
/// a picture, which follows if one of two more tries succeeds. The frames after the picture are added to its strip later, because
/// the mail does not wait for them.
/// </summary>
public sealed class CaptureSnapshotJob(
    SentinelCamDbContext db, CameraFeed camera, CaptureOptions options, IPictureStore store, StripCompletion strips,
    LiveNodes nodes, OutagePatience outages, JobMetrics metrics, TimeProvider time, ILogger<CaptureSnapshotJob> logger)
{
    /// <summary>The delays before the second and the third try, which is the last.</summary>
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60)];

    /// <summary>
    /// A picture this long after an attempt without a mail of its own says nothing about it. Skipping it lets a backlog drain.
    /// </summary>
    private static readonly TimeSpan TooLate = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task RunAsync(long entryId, CancellationToken cancellationToken)
    {
        var entry = await db.ImageLog.AsNoTracking().Include(e => e.LoginAttempt)
            .SingleOrDefaultAsync(e => e.Id == entryId, cancellationToken);
        if (entry is not { CaptureState: CaptureState.Waiting } || entry.CaptureDueAt > time.GetUtcNow() + ClockTolerance)
            return;

        // On SQLite, the only node may have been renamed. Another one may have joined a moment ago
        if (entry.Node is { } node && node != nodes.Self && await nodes.AreSeveralAsync(db, cancellationToken))
        {
            await GiveUpAsync(entry, node, cancellationToken);
            return;
        }

        using var trace = Telemetry.ContinueTrace("capture", entry.LoginAttempt?.TraceParent);
        var began = time.GetTimestamp();
        var (result, snapshot, stripToCome) = await TakeAsync(entry, cancellationToken);
        metrics.Captured(result, time.GetElapsedTime(began));
        trace?.SetTag("result", result.Outcome.Label());
        var willRetry = snapshot is null && entry.CaptureTries < Delays.Length
            && result.Outcome is not (CaptureOutcome.NoCamera or CaptureOutcome.MissingLibrary) && !IsTooLate(entry);
        await RecordAsync(entry, result, snapshot, willRetry, cancellationToken);
        if (snapshot is { Id: > 0 } && result.Frame is { } picture)
            strips.Begin(snapshot.Id, picture, stripToCome);
        if (willRetry)
            throw new CameraFailedException(result.Problem ?? "The camera returned no picture.");
    }

    /// <summary>Lets the mail go without the picture of a node that is dead. A live one takes its pictures itself.</summary>
    private async Task GiveUpAsync(ImageLogEntry entry, string node, CancellationToken cancellationToken)
    {
        if ((await nodes.NamesAsync(db, cancellationToken)).Contains(node))
            return;
        var problem = $"The camera of \"{node}\" is not reachable: its SentinelCam does not answer.";
        await RecordAsync(
            entry, new(CaptureOutcome.Unreachable, null, problem), snapshot: null, willRetry: false, cancellationToken);
    }

    private bool IsTooLate(ImageLogEntry entry) =>
        entry.LoginAttempt is { ToldBy: not ToldBy.OwnMail } && time.GetUtcNow() - entry.At > TooLate;

    /// <summary>
    /// Takes and saves the picture. Errors of camera and disk are returned, not thrown, because the mail must be sent anyway.
    /// </summary>
    private async Task<(CaptureResult Result, Snapshot? Snapshot, IReadOnlyList<DateTimeOffset> StripToCome)> TakeAsync(
        ImageLogEntry entry, CancellationToken cancellationToken)
    {
        if (IsTooLate(entry))
            return (Failed("SentinelCam could not take a picture within two minutes of this attempt."), null, []);
        try
        {
            var result = await camera.CaptureAsync(entry.At, cancellationToken);
            if (result.Frame is not { } picture)
                return (result, null, []);
            IReadOnlyList<DateTimeOffset> toCome = [];
            var snapshot = await store.SaveAsync(picture, ChooseStrip, camera.Name);
            return (result, snapshot, toCome);

            IReadOnlyList<Frame> ChooseStrip()
            {
                (var strip, toCome) = camera.Strip(picture, options.Frames);
                return strip;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogError("Entry {EntryId}: the picture could not be saved: {Problem}", entry.Id, error.Message);
            return (
                Failed("The picture could not be saved. Check the free space and permissions of the data directory."), null, []);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.LogError(error, "Entry {EntryId}: the capture failed", entry.Id);
            return (Failed("The picture could not be taken. See the log."), null, []);
        }
    }

    private static CaptureResult Failed(string problem) => new(CaptureOutcome.BadFrame, null, problem);

    private async Task RecordAsync(
        ImageLogEntry entry, CaptureResult result, Snapshot? snapshot, bool willRetry, CancellationToken cancellationToken)
    {
        var recorded = false;
        try
        {
            recorded = await outages.RecordAsync($"The capture of entry {entry.Id}",
                services => CommitAsync(services, entry, result, snapshot, willRetry), cancellationToken);
        }
        finally
        {
            if (!recorded)
                foreach (var name in snapshot?.FileNames() ?? [])
                    store.Delete(name);
        }

        if (!recorded)
            return;
        var (ofAttempt, moment) = entry.LoginAttemptId is { } attempt ? ($", attempt {attempt}", "attempt") : ("", "request");
        if (snapshot is null)
        {
            logger.LogWarning("Entry {EntryId}{OfAttempt:l}: no picture, {CaptureOutcome}: {Problem}",
                entry.Id, ofAttempt, result.Outcome, result.Problem);
        }
        else
        {
            logger.LogInformation(
                "Entry {EntryId}{OfAttempt:l}: snapshot {SnapshotId} taken {Delay} ms after the {Moment:l}, {Quality}",
                entry.Id, ofAttempt, snapshot.Id, (long)(snapshot.TakenAt - entry.At).TotalMilliseconds, moment,
                snapshot.Quality);
        }
    }

    /// <summary>Commits the snapshot, the entry's state and its mails in one transaction.</summary>
    /// <returns>False if another run won, or the owner has deleted the entry.</returns>
    private async Task<bool> CommitAsync(
        IServiceProvider services, ImageLogEntry entry, CaptureResult result, Snapshot? snapshot, bool willRetry)
    {
        var db = services.GetRequiredService<SentinelCamDbContext>();
        var now = time.GetUtcNow();
        var state = snapshot is not null ? CaptureState.Taken : willRetry ? CaptureState.Waiting : CaptureState.Failed;
        var dueAt = willRetry ? now + Delays[entry.CaptureTries] : now;
        snapshot?.ForgetKeys();
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        // Only one run gets past this statement, even if the job was enqueued twice. A picture beats another run's failure
        var won = await db.ImageLog
            .Where(e => e.Id == entry.Id && e.CaptureState == CaptureState.Waiting
                && (state == CaptureState.Taken || e.CaptureTries == entry.CaptureTries))
            .ExecuteUpdateAsync(set => set
                .SetProperty(e => e.CaptureState, state)
                .SetProperty(e => e.CaptureProblem, result.Problem)
                .SetProperty(e => e.CaptureTries, e => e.CaptureTries + 1)
                .SetProperty(e => e.CaptureDueAt, dueAt), CancellationToken.None);
        if (won == 0)
            return false;

        if (snapshot is not null)
        {
            snapshot.EntryId = entry.Id;
            db.Add(snapshot);
        }

        await services.GetRequiredService<ForwardPlan>().ChangedAsync(entry.Id);
        await services.GetRequiredService<DeliveryPlan>().AddForAsync(entry, pictureTaken: snapshot is not null);
        await db.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }
}

/// <summary>Shows in the job dashboard why there is no picture. The message is the problem that the owner reads.</summary>
public sealed class CameraFailedException(string problem) : Exception(problem);
