using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Alerts;

/// <summary>Decides who receives which mail and when, and adds the deliveries to the caller's transaction.</summary>
public sealed class DeliveryPlan(
    SentinelCamDbContext db, SmtpOptions smtp, MailLimit limit, ForwardPlan forwards, TimeProvider time)
{
    /// <summary>How long a mail waits for pending pictures, slightly longer than a capture takes.</summary>
    private static readonly TimeSpan PictureWait = TimeSpan.FromSeconds(12);

    /// <summary>Adds the mails about an entry after a try of its capture, and makes mails due that waited for it.</summary>
    /// <param name="entry">The entry, with its attempt.</param>
    /// <param name="pictureTaken">Whether there is a picture now.</param>
    public async Task AddForAsync(ImageLogEntry entry, bool pictureTaken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (await forwards.IsToldThereAsync(entry.Id))
            return;
        if (entry.LoginAttempt is { ToldBy: not ToldBy.OwnMail })
        {
            await BringForwardAsync(entry);
            return;
        }

        var now = time.GetUtcNow();
        var earlier = await db.Deliveries.Where(d => d.EntryId == entry.Id && d.Kind != MailKind.Summary).ToListAsync();
        // Urgent mails, and those about what a device reported, waited for the picture, which they now carry
        var prepared = earlier.FindAll(d => d is { State: DeliveryState.Waiting, Tries: 0 }
            && (MailKinds.Urgent.Contains(d.Kind)
                || (d.Kind == MailKind.Attempt && entry.LoginAttempt is { ReportedBy: not null })));
        prepared.ForEach(d => d.DueAt = now);
        if (earlier.Count > 0 && (!pictureTaken || prepared.Count == earlier.Count))
            return;
        var kind = entry.Trigger is CaptureTrigger.Manual ? MailKind.Manual
            : earlier.Count > 0 ? MailKind.LatePicture
            : MailKind.Attempt;
        var waits = kind is MailKind.Attempt && await AreEarlierPicturesPendingAsync(entry.AlertId, before: entry.Id);
        await AddAsync(kind, entry.OwnerId, entry.AlertId, entry.Id, waits ? now + PictureWait : now, except: prepared);
    }

    /// <summary>Makes the first mail of an alert due once all pictures of the attempts before its own are taken.</summary>
    private async Task BringForwardAsync(ImageLogEntry entry)
    {
        var now = time.GetUtcNow();
        var waiting = await db.Deliveries
            .Where(d => d.AlertId == entry.AlertId && d.Kind == MailKind.Attempt && d.State == DeliveryState.Waiting
                && d.Tries == 0 && d.DueAt > now && d.EntryId > entry.Id)
            .ToListAsync();
        if (waiting.Count > 0 && !await AreEarlierPicturesPendingAsync(entry.AlertId, before: waiting[0].EntryId))
            waiting.ForEach(d => d.DueAt = now);
    }

    /// <summary>Whether the first try of an earlier capture of the alert is pending. Later tries take too long.</summary>
    private Task<bool> AreEarlierPicturesPendingAsync(long? alertId, long? before) =>
        db.ImageLog.AnyAsync(e =>
            e.AlertId == alertId && e.Id < before && e.CaptureState == CaptureState.Waiting && e.CaptureTries == 0);

    /// <summary>Adds urgent mails about an attempt. They wait briefly for a picture, if one is to come.</summary>
    public async Task AddUrgentAsync(MailKind kind, ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (await forwards.IsToldThereAsync(entry.Id))
            return;
        var wait = entry.CaptureState is CaptureState.Waiting ? PictureWait : TimeSpan.Zero;
        await AddAsync(kind, entry.OwnerId, entry.AlertId, entry.Id, time.GetUtcNow() + wait);
    }

    /// <summary>Adds the mails about what a device has reported. They wait briefly for its picture, if one is to come.</summary>
    public Task AddReportedAsync(MailKind kind, ImageLogEntry entry, bool isPictureToCome)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var wait = isPictureToCome ? PictureWait : TimeSpan.Zero;
        return AddAsync(kind, entry.OwnerId, entry.AlertId, entry.Id, time.GetUtcNow() + wait);
    }

    /// <summary>Adds the summary mails of a burst.</summary>
    public async Task AddSummaryAsync(Alert alert)
    {
        if (await forwards.IsSummedUpThereAsync(alert.Id))
            return;
        // The log lists the summary with the entry whose mail it follows
        var mailed = await db.ImageLog
            .Where(e => e.AlertId == alert.Id && e.Trigger == CaptureTrigger.FailedLogin)
            .Where(e => e.LoginAttempt!.ToldBy == ToldBy.OwnMail)
            .Select(e => (long?)e.Id).FirstOrDefaultAsync();
        await AddAsync(MailKind.Summary, alert.OwnerId, alert.Id, mailed, time.GetUtcNow());
    }

    /// <summary>Adds a mail about an account's settings to any address.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="accountId">The account that it belongs to; null if that is gone.</param>
    /// <param name="recipient">Where it goes.</param>
    public Delivery AddNotice(MailKind kind, long? accountId, string recipient) =>
        db.Add(New(kind, accountId, recipient, time.GetUtcNow())).Entity;

    /// <summary>Adds a copy of an accepted mail. It has a new Message-ID, because mail programs hide duplicates.</summary>
    public Delivery AddCopy(Delivery of)
    {
        var copy = New(of.Kind, of.RecipientId, of.Recipient, time.GetUtcNow());
        (copy.AlertId, copy.EntryId, copy.Changes, copy.SiteAddress) = (of.AlertId, of.EntryId, of.Changes, of.SiteAddress);
        return db.Add(copy).Entity;
    }

    private async Task AddAsync(
        MailKind kind, long? ownerId, long? alertId, long? entryId, DateTimeOffset dueAt, IReadOnlyList<Delivery>? except = null)
    {
        // An owner who was suspended in the meantime no longer receives pictures
        var owner = await db.Users.Where(a => a.Id == ownerId && a.ApprovedAt != null)
            .Select(a => new { a.Id, a.Email, a.ExtraRecipient }).SingleOrDefaultAsync();
        List<(long Id, string? Email)> recipients = owner is not null
            ? [(owner.Id, owner.Email), (owner.Id, owner.ExtraRecipient)]
            : [.. (await db.Administrators().Select(a => new { a.Id, a.Email }).ToListAsync()).Select(a => (a.Id, a.Email))];
        foreach (var (id, email) in recipients)
        {
            if (email is null || except?.Any(d => d.Recipient == email) is true)
                continue;
            if (!MailKinds.Urgent.Contains(kind) && await limit.HoldsBackAsync(id))
                continue;
            var delivery = New(kind, id, email, dueAt);
            (delivery.AlertId, delivery.EntryId) = (alertId, entryId);
            db.Add(delivery);
        }
    }

    private Delivery New(MailKind kind, long? recipientId, string recipient, DateTimeOffset dueAt)
    {
        var now = time.GetUtcNow();
        return new Delivery
        {
            Kind = kind,
            RecipientId = recipientId,
            Recipient = recipient,
            MessageId = smtp.NewMessageId(),
            CreatedAt = now,
            QueuedAt = now,
            DueAt = dueAt,
            TraceParent = Telemetry.CurrentTrace,
        };
    }
}
