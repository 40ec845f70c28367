using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Alerts;

/// <summary>Decides who gets which mail, and adds its delivery to the caller's transaction.</summary>
public sealed class DeliveryPlan(SentinelCamDbContext db, SmtpOptions smtp, TimeProvider time)
{
    /// <summary>The mails about an entry whose capture has just ended or failed for now.</summary>
    /// <returns>The new deliveries; none where the entry's attempt joined an alert, whose summary will tell of it.</returns>
    public async Task<IReadOnlyList<Delivery>> AddForAsync(ImageLogEntry entry, bool pictureTaken)
    {
        if (entry is { Trigger: CaptureTrigger.FailedLogin, OpensAlert: false })
            return [];
        var mailedWithout = await db.Deliveries.AnyAsync(d => d.EntryId == entry.Id);
        if (mailedWithout && !pictureTaken)
            return [];
        var kind = entry.Trigger is CaptureTrigger.Manual ? MailKind.Manual : mailedWithout ? MailKind.LatePicture : MailKind.Attempt;
        return await AddAsync(kind, entry.OwnerId, entry.AlertId, entry.Id);
    }

    /// <summary>The mails that sum up a burst.</summary>
    public Task<IReadOnlyList<Delivery>> AddSummaryAsync(Alert alert) => AddAsync(MailKind.Summary, alert.OwnerId, alert.Id, entryId: null);

    private async Task<IReadOnlyList<Delivery>> AddAsync(MailKind kind, long? ownerId, long? alertId, long? entryId)
    {
        // An owner who was suspended meanwhile gets no more pictures
        var owner = db.Users.Where(a => a.Id == ownerId && a.ApprovedAt != null);
        var recipients = await (await owner.AnyAsync() ? owner : db.Administrators())
            .Where(a => a.Email != null)
            .Select(a => new { a.Id, a.Email }).ToListAsync();
        var now = time.GetUtcNow();
        var domain = MailboxAddress.Parse(smtp.From ?? SmtpOptions.OutboxSender).Domain;
        var added = recipients.ConvertAll(recipient => new Delivery
        {
            Kind = kind,
            AlertId = alertId,
            EntryId = entryId,
            RecipientId = recipient.Id,
            Recipient = recipient.Email!,
            MessageId = $"{Guid.NewGuid():N}@{domain}",
            CreatedAt = now,
            DueAt = now,
        });
        db.AddRange(added);
        return added;
    }
}
