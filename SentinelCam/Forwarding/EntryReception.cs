using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Snapshots;
using SentinelCam.Visitors;

namespace SentinelCam.Forwarding;

/// <summary>
/// Takes what a device reports: entry, picture and alert in one transaction. Devices repeat a report until it is answered, so one
/// entry arrives several times, and an earlier version can arrive after a later one.
/// </summary>
public sealed class EntryReception(
    SentinelCamDbContext db, IPictureStore store, ReportedAttempts attempts, DeliveryPlan deliveries, TimeProvider time,
    ILogger<EntryReception> logger)
{
    /// <summary>What an entry says until the picture has arrived.</summary>
    private const string PictureToCome = "The device has not sent the picture yet.";

    private const int MaxEpochLength = 64, MaxTextLength = 256, MaxCount = 1_000_000;

    /// <summary>A clock is wrong from this difference on. Less is said on the page of devices only.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    /// <summary>No later time is accepted: a wrong clock must not reach the end of the calendar.</summary>
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <returns>The latest version that has arrived of a device's entry; null if none has.</returns>
    public async Task<int?> VersionAsync(long deviceId, string? epoch, long entryId)
    {
        // PostgreSQL takes no text with it
        if (epoch is null || epoch.Contains('\0', StringComparison.Ordinal))
            return null;
        return await db.ReceivedEntries
            .Where(r => r.DeviceId == deviceId && r.Epoch == epoch && r.DeviceEntryId == entryId)
            .Select(r => (int?)r.Version).SingleOrDefaultAsync();
    }

    /// <summary>Takes one version of an entry.</summary>
    /// <param name="deviceId">The device, which has shown its token.</param>
    /// <param name="entryId">The entry's id on the device.</param>
    /// <param name="entry">What it reports.</param>
    /// <exception cref="IOException">The picture cannot be stored; nothing was changed.</exception>
    public async Task<ReportOutcome> TakeAsync(long deviceId, long entryId, ReportedEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!IsValid(entryId, entry))
            return ReportOutcome.Invalid;
        if (ReportedPictures.Check(entry) is not { } frames)
            return ReportOutcome.BadPicture;
        // Before the pictures are written, because most repeated reports end here
        if (await VersionAsync(deviceId, entry.Epoch, entryId) >= entry.Version)
            return ReportOutcome.Known;
        if (frames.Count > 0 && !await HasRoomAsync(deviceId, frames))
            return ReportOutcome.TooManyPictures;

        var snapshot = await store.SaveAsync(entry, frames);
        // The device's clock may be wrong, and an old picture was not seen here before
        foreach (var picture in snapshot is null ? [] : snapshot.Strip.Append(snapshot))
            picture.AgesFrom = time.GetUtcNow();
        List<string> unused = [.. snapshot?.FileNames() ?? []];
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var (outcome, kept) = await TakeAsync(deviceId, entryId, entry, snapshot);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            unused.RemoveAll(kept.Contains);
            return outcome;
        }
        finally
        {
            unused.ForEach(store.Delete);
        }
    }

    /// <summary>Whether the device may report these pictures, before they are written.</summary>
    private async Task<bool> HasRoomAsync(long deviceId, List<Frame> frames)
    {
        var device = await db.ReportingDevices.AsNoTracking().SingleAsync(d => d.Id == deviceId);
        DeviceQuota.BeginDay(device, time.GetUtcNow());
        return DeviceQuota.HasRoom(device, frames.Sum(frame => (long)frame.Jpeg.Length));
    }

    private static bool IsValid(long entryId, ReportedEntry entry) =>
        entryId > 0 && entry.Version > 0 && entry.Epoch.Length is > 0 and <= MaxEpochLength
        && entry.Epoch.All(char.IsAsciiLetterOrDigit)
        // PostgreSQL takes no such character, not even to search for it
        && entry.Owner?.Contains('\0', StringComparison.Ordinal) is not true
        && entry.Count is > 0 and <= MaxCount && entry.Outcome is not LoginOutcome.Test
        // JSON can combine names, such as "WrongCode, LockedOut"
        && Enum.IsDefined(entry.Outcome) && Enum.IsDefined(entry.Origin)
        && entry.Strip.Count <= ReportedEntry.MaxStrip && entry.Strip.All(frame => frame is not null)
        && (entry.Picture is not null || entry.Strip.Count == 0)
        && entry.ClockErrorSeconds is null or (> -10_000_000_000 and < 10_000_000_000)
        && IsTime(entry.At) && IsTime(entry.SentAt) && (entry.LastAt is null || IsTime(entry.LastAt.Value))
        && (entry.Picture is null || entry.Strip.Prepend(entry.Picture).All(
            picture => IsTime(picture.TakenAt) && Enum.IsDefined(picture.Quality)));

    private static bool IsTime(DateTimeOffset time) => time >= DateTimeOffset.UnixEpoch && time < Latest;

    /// <returns>The outcome, and the names of the files that have a row now.</returns>
    private async Task<(ReportOutcome Outcome, IReadOnlyCollection<string> Kept)> TakeAsync(
        long deviceId, long entryId, ReportedEntry entry, Snapshot? snapshot)
    {
        var device = await db.ReportingDevices.Include(d => d.Owners).SingleOrDefaultAsync(d => d.Id == deviceId);
        if (device is not { RevokedAt: null })
            return (ReportOutcome.Revoked, []);
        var (isAllowed, ownerId) = await OwnerAsync(device, entry.Owner);
        if (!isAllowed)
            return (ReportOutcome.NotItsOwner, []);

        var now = time.GetUtcNow();
        device.LastSeenAt = now;
        device.ClockAheadMs = (long)(entry.SentAt - now).TotalMilliseconds;
        var received = await db.ReceivedEntries.SingleOrDefaultAsync(
            r => r.DeviceId == deviceId && r.Epoch == entry.Epoch && r.DeviceEntryId == entryId);
        if (received?.Version >= entry.Version)
            return (ReportOutcome.Known, []);

        DeviceQuota.BeginDay(device, now);
        var isNew = received is null;
        if (isNew && device.DayEntries >= DeviceQuota.MaxEntries)
            return (ReportOutcome.TooManyEntries, []);
        // Another report may have taken the room meanwhile
        if (snapshot is not null && !DeviceQuota.HasRoom(device, snapshot.Strip.Append(snapshot).Sum(picture => picture.Bytes)))
            return (ReportOutcome.TooManyPictures, []);
        received ??= db.Add(new ReceivedEntry { DeviceId = deviceId, Epoch = entry.Epoch, DeviceEntryId = entryId }).Entity;
        (received.Version, received.DeviceAt, received.SentAt, received.ReceivedAt) =
            (entry.Version, entry.At.ToUniversalTime(), entry.SentAt.ToUniversalTime(), now);
        if (!isNew)
        {
            var kept = await UpdateAsync(received.EntryId, entry, snapshot, now);
            device.DayPictureBytes += snapshot?.Strip.Append(snapshot)
                .Where(picture => kept.Contains(picture.FileName)).Sum(picture => picture.Bytes) ?? 0;
            return (ReportOutcome.Updated, kept);
        }

        var attempt = AttemptOf(entry, device, ownerId, now);
        var added = await attempts.AddAsync(attempt, ClockError(entry, now), now, entry.IsTold, taken =>
        {
            taken.Snapshot = snapshot;
            Describe(taken, entry, hasPicture: snapshot is not null);
        }, entry.IsPictureToCome && snapshot is null);
        received.EntryId = added.Id;
        device.Received++;
        device.DayEntries++;
        device.DayPictureBytes += snapshot?.Strip.Append(snapshot).Sum(picture => picture.Bytes) ?? 0;
        logger.LogInformation("Entry {DeviceEntryId} of the device {Device} is entry {EntryId}, alert {AlertId}",
            entryId, device.Name, added.Id, added.AlertId);
        return (ReportOutcome.Added, [.. snapshot?.FileNames() ?? []]);
    }

    /// <summary>Adds what a later version has: a picture, more frames of its strip, or further attempts that it counts.</summary>
    /// <returns>The names of the files that have a row now.</returns>
    private async Task<IReadOnlyCollection<string>> UpdateAsync(
        long? id, ReportedEntry entry, Snapshot? snapshot, DateTimeOffset now)
    {
        // The owner may have deleted it
        if (await db.ImageLog.Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip)
            .SingleOrDefaultAsync(e => e.Id == id) is not { LoginAttempt: { } attempt } known)
        {
            return [];
        }

        if (entry.Count > attempt.Count)
            await CountAsync(attempt, entry, now);
        if (known.Snapshot is { } before)
            return snapshot is null ? [] : AddFrames(before, snapshot);
        known.Snapshot = snapshot;
        Describe(known, entry, hasPicture: snapshot is not null);
        await db.SaveChangesAsync();
        if (!entry.IsPictureToCome || snapshot is not null)
            await deliveries.AddForAsync(known, pictureTaken: snapshot is not null);
        return [.. snapshot?.FileNames() ?? []];
    }

    private async Task CountAsync(LoginAttempt attempt, ReportedEntry entry, DateTimeOffset now)
    {
        var alert = await db.Alerts.SingleAsync(a => a.Id == attempt.AlertId);
        ReportedAttempts.Count(alert, entry.Count - attempt.Count);
        (attempt.Count, attempt.LastAt) = (entry.Count, LastOf(entry, now));
    }

    /// <summary>Adds the frames that a strip does not have.</summary>
    private static List<string> AddFrames(Snapshot before, Snapshot later)
    {
        var known = before.Strip.Select(frame => frame.Sha256).Append(before.Sha256).ToHashSet(StringComparer.Ordinal);
        var added = later.Strip.Where(frame => known.Add(frame.Sha256))
            .Take(ReportedEntry.MaxStrip - before.Strip.Count).ToList();
        before.Strip.AddRange(added);
        return added.ConvertAll(frame => frame.FileName);
    }

    private static void Describe(ImageLogEntry entry, ReportedEntry report, bool hasPicture)
    {
        entry.CaptureState = hasPicture ? CaptureState.Taken : CaptureState.Failed;
        entry.CaptureProblem = hasPicture ? null
            : report.IsPictureToCome ? PictureToCome
            : VisitorText.Clean(report.PictureProblem, MaxTextLength) is { Length: > 0 } problem ? problem
            : "The device has no picture.";
    }

    /// <summary>By the device's clock, but not in the future: alerts are listed by it.</summary>
    private static LoginAttempt AttemptOf(ReportedEntry entry, ReportingDevice device, long? ownerId, DateTimeOffset now) => new()
    {
        At = Earlier(entry.At.ToUniversalTime(), now),
        Origin = entry.Origin,
        AccountTyped = TypedAccount.Kept(entry.AccountTyped),
        OwnerId = ownerId,
        ReportedBy = device.Name,
        Device = device.Name,
        RemoteAddress = VisitorText.Clean(entry.RemoteAddress, MaxTextLength),
        UserAgent = VisitorText.Clean(entry.UserAgent, MaxTextLength),
        Service = entry.Service is null ? null : VisitorText.Clean(entry.Service, DeviceServices.MaxNameLength),
        Caller = VisitorText.Clean(entry.Caller, MaxTextLength) is { Length: > 0 } caller ? caller : null,
        Outcome = entry.Outcome,
        IsNewBrowser = entry.IsNewBrowser,
        Count = entry.Count,
        LastAt = LastOf(entry, now),
    };

    private static DateTimeOffset? LastOf(ReportedEntry entry, DateTimeOffset now) =>
        entry.LastAt is { } last ? Earlier(last.ToUniversalTime(), now) : null;

    /// <returns>By how many seconds the entry's time is too early; null if it is right.</returns>
    private static long? ClockError(ReportedEntry entry, DateTimeOffset now)
    {
        var correct = entry.At.AddSeconds(entry.ClockErrorSeconds ?? 0) + (now - entry.SentAt);
        var error = Earlier(correct, now) - Earlier(entry.At, now);
        // A difference of clocks contains the time on the way, so only a long one counts
        return entry.ClockErrorSeconds is not null || (now - entry.SentAt).Duration() >= ClockTolerance
            ? (long)error.TotalSeconds
            : null;
    }

    /// <returns>Whether the device may report for this owner, and the owner.</returns>
    private async Task<(bool IsAllowed, long? Id)> OwnerAsync(ReportingDevice device, string? email)
    {
        if (email is null)
            return (device.ForAdministrators, null);
        var normalized = email.Trim().ToUpperInvariant();
        var ids = device.Owners.ConvertAll(o => o.AccountId);
        var owner = await db.Users.Where(a => ids.Contains(a.Id) && a.NormalizedEmail == normalized && a.ApprovedAt != null)
            .Select(a => (long?)a.Id).SingleOrDefaultAsync();
        return (owner is not null, owner);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
