using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Mail.Smtp;

namespace SentinelCam.Alerts;

/// <summary>Decides who gets which mail, and adds its delivery to the caller's transaction.</summary>
public sealed class DeliveryPlan(SentinelCamDbContext db, SmtpOptions smtp, TimeProvider time)
{
    /// <summary>How long a mail waits for pictures that are being taken: a little longer than a capture takes.</summary>
    private static readonly TimeSpan PictureWait = TimeSpan.FromSeconds(12);

    /// <summary>The mails about an entry whose capture has just ended or failed for now.</summary>
    /// <returns>
    /// The deliveries to be sent, each at its time. Where the entry's attempt joined an alert, whose summary will tell of it, those of the alert's
    /// first mail, if that has waited for this picture only.
    /// </returns>
    public async Task<IReadOnlyList<Delivery>> AddForAsync(ImageLogEntry entry, bool pictureTaken)
    {
        if (entry is { Trigger: CaptureTrigger.FailedLogin, OpensAlert: false })
            return await BringForwardAsync(entry);
        var now = time.GetUtcNow();
        var earlier = await db.Deliveries.Where(d => d.EntryId == entry.Id && d.Kind != MailKind.Summary).ToListAsync();
        // Those about a success wait for the picture that they carry now
        var prepared = earlier.FindAll(d => d is { Kind: MailKind.Success, State: DeliveryState.Waiting, Tries: 0 });
        prepared.ForEach(d => d.DueAt = now);
        if (earlier.Count > 0 && (!pictureTaken || prepared.Count == earlier.Count))
            return prepared;
        var kind = entry.Trigger is CaptureTrigger.Manual ? MailKind.Manual : earlier.Count > 0 ? MailKind.LatePicture : MailKind.Attempt;
        var waits = kind is MailKind.Attempt && await ArePicturesToComeAsync(entry.AlertId, before: entry.Id);
        var added = await AddAsync(kind, entry.OwnerId, entry.AlertId, entry.Id, waits ? now + PictureWait : now, except: prepared);
        return [.. prepared, .. added];
    }

    /// <summary>The first mail of an alert carries the pictures of the attempts before its own: the last of them that is taken sends it off.</summary>
    private async Task<IReadOnlyList<Delivery>> BringForwardAsync(ImageLogEntry entry)
    {
        var now = time.GetUtcNow();
        var waiting = await db.Deliveries
            .Where(d => d.AlertId == entry.AlertId && d.Kind == MailKind.Attempt && d.State == DeliveryState.Waiting && d.Tries == 0 && d.DueAt > now && d.EntryId > entry.Id)
            .ToListAsync();
        if (waiting.Count == 0 || await ArePicturesToComeAsync(entry.AlertId, before: waiting[0].EntryId))
            return [];
        waiting.ForEach(d => d.DueAt = now);
        return waiting;
    }

    /// <summary>Whether an earlier entry of the alert has not had its first try. Later tries take too long to be waited for.</summary>
    private Task<bool> ArePicturesToComeAsync(long? alertId, long? before) =>
        db.ImageLog.AnyAsync(e => e.AlertId == alertId && e.Id < before && e.CaptureState == CaptureState.Waiting && e.CaptureTries == 0);

    /// <summary>The mails about a success after failures. They wait for the picture, but not for long.</summary>
    public Task<IReadOnlyList<Delivery>> AddSuccessAsync(ImageLogEntry entry) =>
        AddAsync(MailKind.Success, entry.OwnerId, entry.AlertId, entry.Id, time.GetUtcNow() + PictureWait);

    /// <summary>The mails that sum up a burst.</summary>
    public async Task<IReadOnlyList<Delivery>> AddSummaryAsync(Alert alert)
    {
        // It counts among the mails of the entry whose mail it follows
        var opener = await db.ImageLog.Where(e => e.AlertId == alert.Id && e.OpensAlert).Select(e => (long?)e.Id).FirstOrDefaultAsync();
        return await AddAsync(MailKind.Summary, alert.OwnerId, alert.Id, opener, time.GetUtcNow());
    }

    /// <summary>A mail about an account's settings, to any address.</summary>
    public Delivery AddNotice(MailKind kind, long accountId, string recipient, string text)
    {
        var delivery = New(kind, accountId, recipient, time.GetUtcNow());
        delivery.Text = text;
        return db.Add(delivery).Entity;
    }

    /// <summary>Another copy of a mail that was accepted: a message of its own, since a mail program would hide a second one of the same Message-ID.</summary>
    public Delivery AddCopy(Delivery of)
    {
        var copy = New(of.Kind, of.RecipientId, of.Recipient, time.GetUtcNow());
        (copy.AlertId, copy.EntryId, copy.Text) = (of.AlertId, of.EntryId, of.Text);
        return db.Add(copy).Entity;
    }

    private async Task<IReadOnlyList<Delivery>> AddAsync(MailKind kind, long? ownerId, long? alertId, long? entryId, DateTimeOffset dueAt, IReadOnlyList<Delivery>? except = null)
    {
        // An owner who was suspended meanwhile gets no more pictures
        var owner = await db.Users.Where(a => a.Id == ownerId && a.ApprovedAt != null).Select(a => new { a.Id, a.Email, a.ExtraRecipient }).SingleOrDefaultAsync();
        List<(long Id, string? Email)> recipients = owner is not null
            ? [(owner.Id, owner.Email), (owner.Id, owner.ExtraRecipient)]
            : [.. (await db.Administrators().Select(a => new { a.Id, a.Email }).ToListAsync()).Select(a => (a.Id, a.Email))];
        var added = new List<Delivery>();
        foreach (var (id, email) in recipients.Where(recipient => recipient.Email is not null && except?.Any(d => d.Recipient == recipient.Email) is not true))
        {
            var delivery = New(kind, id, email!, dueAt);
            (delivery.AlertId, delivery.EntryId) = (alertId, entryId);
            added.Add(delivery);
        }

        db.AddRange(added);
        return added;
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
        };
    }
}
