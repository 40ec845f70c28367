using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>The result of a request to send a mail again.</summary>
public enum ResendOutcome
{
    /// <summary>There is no such mail, it belongs to another account, or it cannot be sent again.</summary>
    NotFound,

    /// <summary>The mail is queued again.</summary>
    Queued,

    /// <summary>The mail is already queued, or was sent again since.</summary>
    AlreadyQueued,

    /// <summary>The recipient's address was removed from the account.</summary>
    RecipientRemoved,
}

/// <summary>Sends a mail again at its owner's request, or dismisses the notice of its failure.</summary>
public sealed class DeliveryResend(
    SentinelCamDbContext db, DeliveryPlan deliveries, TimeProvider time, ILogger<DeliveryResend> logger)
{
    /// <summary>Retries a failed mail under its Message-ID, or sends a copy of an accepted mail without a newer copy.</summary>
    public async Task<ResendOutcome> ResendAsync(Viewer viewer, long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var delivery = await Own(viewer).AsTracking()
            .SingleOrDefaultAsync(d => d.Id == id && !MailKinds.WithLink.Contains(d.Kind));
        if (delivery is null)
            return ResendOutcome.NotFound;
        var recipient = db.Users.Where(a => a.Id == delivery.RecipientId);
        if (!await recipient.AnyAsync(a => a.Email == delivery.Recipient || a.ExtraRecipient == delivery.Recipient))
            return ResendOutcome.RecipientRemoved;
        // A double click requests one copy: by the second click, the mail has a newer copy
        if (delivery.State is DeliveryState.Waiting or DeliveryState.Sending
            || await db.Deliveries.AnyAsync(d => d.Id > id && d.Kind == delivery.Kind && d.EntryId == delivery.EntryId
                && d.AlertId == delivery.AlertId && d.Recipient == delivery.Recipient && d.Changes == delivery.Changes))
        {
            return ResendOutcome.AlreadyQueued;
        }

        if (delivery.State is DeliveryState.Accepted)
        {
            delivery = deliveries.AddCopy(delivery);
        }
        else
        {
            (delivery.State, delivery.Tries, delivery.AcknowledgedAt) = (DeliveryState.Waiting, 0, null);
            delivery.QueuedAt = delivery.DueAt = time.GetUtcNow();
        }

        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation(
            "Delivery {DeliveryId}: account {AccountId} queued it again as {NewId}", id, viewer.Id, delivery.Id);
        return ResendOutcome.Queued;
    }

    /// <summary>Dismisses the notices of an owner's failed mails.</summary>
    public Task AcknowledgeAsync(Viewer viewer) => Own(viewer)
        .Where(d => d.State == DeliveryState.Failed && d.AcknowledgedAt == null)
        .ExecuteUpdateAsync(set => set.SetProperty(d => d.AcknowledgedAt, time.GetUtcNow()));

    private IQueryable<Delivery> Own(Viewer viewer) => db.Deliveries.Where(d => d.RecipientId == viewer.Id);
}
