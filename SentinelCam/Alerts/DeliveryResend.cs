using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>What becomes of the wish to have a mail sent again.</summary>
public enum ResendOutcome
{
    /// <summary>No such mail, somebody else's, or one that cannot be repeated.</summary>
    NotFound,

    /// <summary>It is in the queue again.</summary>
    Queued,

    /// <summary>It was asked for already, or the first try is still to come.</summary>
    AlreadyQueued,

    /// <summary>Its recipient was removed from the account.</summary>
    RecipientRemoved,
}

/// <summary>Sends a mail again because its owner asks for it, or puts the notice of its failure away.</summary>
public sealed class DeliveryResend(SentinelCamDbContext db, DeliveryPlan deliveries, TimeProvider time, ILogger<DeliveryResend> logger)
{
    /// <summary>A mail that failed is tried anew under its Message-ID; of one that was accepted a copy goes, once for each click on the latest.</summary>
    public async Task<ResendOutcome> ResendAsync(Viewer viewer, long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var delivery = await Own(viewer).AsTracking().SingleOrDefaultAsync(d => d.Id == id && d.Kind != MailKind.ConfirmRecipient);
        if (delivery is null)
            return ResendOutcome.NotFound;
        if (!await db.Users.AnyAsync(a => a.Id == delivery.RecipientId && (a.Email == delivery.Recipient || a.ExtraRecipient == delivery.Recipient)))
            return ResendOutcome.RecipientRemoved;
        // Whoever clicks twice means the same mail, which has a newer copy by then
        if (delivery.State is DeliveryState.Waiting or DeliveryState.Sending || await db.Deliveries.AnyAsync(d => d.Id > id && d.Kind == delivery.Kind
            && d.EntryId == delivery.EntryId && d.AlertId == delivery.AlertId && d.Recipient == delivery.Recipient && d.Changes == delivery.Changes))
            return ResendOutcome.AlreadyQueued;

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
        logger.LogInformation("Delivery {DeliveryId}: sent again as {NewId}, asked for by account {AccountId}", id, delivery.Id, viewer.Id);
        return ResendOutcome.Queued;
    }

    /// <summary>The owner knows that these mails have failed.</summary>
    public Task AcknowledgeAsync(Viewer viewer) => Own(viewer).Where(d => d.State == DeliveryState.Failed && d.AcknowledgedAt == null)
        .ExecuteUpdateAsync(set => set.SetProperty(d => d.AcknowledgedAt, time.GetUtcNow()));

    private IQueryable<Delivery> Own(Viewer viewer) => db.Deliveries.Where(d => d.RecipientId == viewer.Id);
}
