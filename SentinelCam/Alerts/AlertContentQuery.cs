using Microsoft.EntityFrameworkCore;
using SentinelCam.Capture;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Snapshots;

namespace SentinelCam.Alerts;

/// <summary>Collects from the database what a delivery's mail has to say.</summary>
public sealed class AlertContentQuery(SentinelCamDbContext db, SnapshotStore store, CameraFeed camera, SmtpOptions smtp)
{
    /// <returns>Null where there is nothing left to tell: the picture that the mail is about was deleted.</returns>
    public async Task<AlertContent?> FindAsync(Delivery delivery)
    {
        var entry = await db.ImageLog.AsNoTracking().Include(e => e.Snapshot!.Strip).SingleOrDefaultAsync(e => e.Id == delivery.EntryId);
        if (entry?.Snapshot is null && (delivery.Kind is MailKind.LatePicture || (entry is null && delivery.AlertId is null)))
            return null;
        // A picture that came after the first mail was due has a mail of its own
        var pictureFollows = delivery.Kind is MailKind.Attempt && await db.Deliveries.AnyAsync(d => d.EntryId == delivery.EntryId && d.Kind == MailKind.LatePicture);

        var recipientName = await db.Users.Where(a => a.Id == delivery.RecipientId).Select(a => a.Name).SingleOrDefaultAsync();
        var attempts = db.LoginAttempts.AsNoTracking().Where(a => a.AlertId == delivery.AlertId);
        var first = await attempts.OrderBy(a => a.Id).FirstOrDefaultAsync();
        var count = await attempts.CountAsync();
        var last = count > 1 ? await attempts.OrderByDescending(a => a.Id).FirstAsync() : first;
        // The newest ones tell most; the mail counts the rest
        List<LoginAttempt> told = delivery.Kind is MailKind.Summary
            ? [.. (await attempts.OrderByDescending(a => a.Id).Take(20).ToListAsync()).OrderBy(a => a.Id)]
            : first is null ? [] : [first];
        var accounts = told.Select(a => a.AccountTyped).Distinct().ToList();
        var earlier = await db.Deliveries
            .Where(d => d.AlertId != null && d.AlertId == delivery.AlertId && d.RecipientId == delivery.RecipientId && d.Id < delivery.Id)
            .OrderBy(d => d.Id).Select(d => d.MessageId).ToListAsync();
        var picture = entry?.Snapshot is { } snapshot && !pictureFollows ? await ReadAsync(snapshot, entry.At) : null;

        return new AlertContent
        {
            Kind = delivery.Kind,
            To = delivery.Recipient,
            ToName = recipientName,
            From = smtp.From ?? SmtpOptions.OutboxSender,
            MessageId = delivery.MessageId,
            InReplyTo = earlier.LastOrDefault(),
            References = earlier,
            AccountName = accounts.Count > 1 ? "several accounts" : first?.AccountTyped ?? delivery.Recipient,
            AccountUnknown = accounts.Count == 1 && first?.Outcome is LoginOutcome.UnknownAccount,
            ForAdministrators = first is not null && first.OwnerId is null,
            CameraName = entry?.Snapshot?.CameraName ?? camera.Name,
            Attempts = told.ConvertAll(a => new MailAttempt(a.Id, a.At, a.AccountTyped, a.RemoteAddress, a.UserAgent, a.Outcome.InWords())),
            AttemptCount = delivery.Kind is MailKind.Summary ? count : told.Count,
            FirstAt = first?.At ?? delivery.CreatedAt,
            LastAt = (delivery.Kind is MailKind.Summary ? last : first)?.At ?? delivery.CreatedAt,
            Picture = picture,
            Strip = picture is null ? [] : await ReadStripAsync(entry!.Snapshot!),
            PictureProblem = picture is not null || delivery.Kind is MailKind.Summary ? null
                : entry is null ? "The owner has deleted the entry."
                : pictureFollows ? "It came too late for this mail and follows in another."
                : entry.CaptureProblem ?? "The picture is no longer stored.",
            TimeZone = TimeZoneInfo.Local,
            ComposedAt = delivery.CreatedAt,
        };
    }

    /// <summary>The strip as far as it is there now, in small copies.</summary>
    private async Task<IReadOnlyList<MailPicture>> ReadStripAsync(Snapshot snapshot)
    {
        var strip = new List<MailPicture>();
        foreach (var frame in snapshot.Strip.OrderBy(f => f.TakenAt))
        {
            try
            {
                strip.Add(new MailPicture(await File.ReadAllBytesAsync(store.SmallPathOf(frame)), $"sentinelcam-{frame.TakenAt.UtcDateTime:yyyyMMdd-HHmmss-fff}.jpg", frame.TakenAt, frame.Width, frame.Height, SnapshotLabel.Beside(frame, snapshot)));
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                continue; // its entry was deleted a moment ago
            }
        }

        return strip;
    }

    private async Task<MailPicture?> ReadAsync(Snapshot snapshot, DateTimeOffset moment)
    {
        try
        {
            var jpeg = await File.ReadAllBytesAsync(store.PathOf(snapshot.FileName));
            return new MailPicture(jpeg, $"sentinelcam-{snapshot.TakenAt.UtcDateTime:yyyyMMdd-HHmmss}.jpg", snapshot.TakenAt, snapshot.Width, snapshot.Height, SnapshotLabel.Of(snapshot, moment));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
