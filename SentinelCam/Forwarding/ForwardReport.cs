using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Forwarding;

/// <summary>Reads what is to be reported about an entry.</summary>
public sealed class ForwardReport(
    SentinelCamDbContext db, IPictureStore store, TimeProvider time, ILogger<ForwardReport> logger)
{
    private const string Deleted = "The picture was deleted on the device.";

    /// <summary>Reads the report as the entry is now.</summary>
    /// <param name="forward">The report.</param>
    public async Task<ReportedEntry> ReadAsync(Forward forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        var attempt = await db.LoginAttempts.AsNoTracking().SingleAsync(a => a.Id == forward.LoginAttemptId);
        var entry = await db.ImageLog.AsNoTracking().Include(e => e.Snapshot!.Strip)
            .SingleOrDefaultAsync(e => e.Id == forward.EntryId);
        var owner = await db.Users.Where(a => a.Id == attempt.OwnerId).Select(a => a.Email).SingleOrDefaultAsync();
        var picture = entry?.Snapshot is { } snapshot ? await PictureAsync(snapshot) : null;
        List<ReportedPicture> strip = [];
        if (picture is not null)
            foreach (var frame in entry!.Snapshot!.Strip.OrderBy(frame => frame.TakenAt).Take(ReportedEntry.MaxStrip))
                if (await PictureAsync(frame) is { } read)
                    strip.Add(read);
        return new ReportedEntry
        {
            Epoch = forward.Epoch,
            Version = forward.Version,
            SentAt = time.GetUtcNow(),
            Owner = owner,
            IsTold = forward.ToldHere,
            At = attempt.At,
            ClockErrorSeconds = entry?.ClockErrorSeconds,
            Outcome = attempt.Outcome,
            Origin = attempt.Origin,
            AccountTyped = attempt.AccountTyped,
            RemoteAddress = attempt.RemoteAddress,
            UserAgent = attempt.UserAgent,
            Service = attempt.Service,
            Caller = attempt.Caller,
            IsNewBrowser = attempt.IsNewBrowser,
            Count = attempt.Count,
            LastAt = attempt.LastAt,
            // After the first try the mail is not held back for the next ones
            IsPictureToCome = entry is { CaptureState: CaptureState.Waiting, CaptureTries: 0 },
            PictureProblem = entry is null ? Deleted : entry.CaptureProblem,
            Picture = picture,
            Strip = strip,
        };
    }

    /// <returns>Null if it is gone, or cannot be read: the entry is reported without it.</returns>
    private async Task<ReportedPicture?> PictureAsync(Snapshot snapshot)
    {
        byte[] jpeg;
        try
        {
            await using var stored = await store.OpenAsync(snapshot);
            if (stored is null)
                return null;
            jpeg = await stored.ReadAsync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("Picture {SnapshotId} cannot be reported: {Problem}", snapshot.Id, error.Message);
            return null;
        }

        return new ReportedPicture
        {
            Jpeg = jpeg,
            Sha256 = snapshot.Sha256,
            TakenAt = snapshot.TakenAt,
            CameraName = snapshot.CameraName,
            Quality = snapshot.Quality,
            Score = snapshot.Score,
        };
    }
}
