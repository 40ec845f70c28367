using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>The outcome of a request for an extra recipient.</summary>
public enum RecipientOutcome
{
    /// <summary>The address was asked to confirm.</summary>
    Asked,

    /// <summary>The text is not a mail address.</summary>
    NoAddress,

    /// <summary>It is the owner's own address.</summary>
    OwnAddress,

    /// <summary>The owner has asked too many addresses today.</summary>
    TooMany,
}

/// <summary>
/// The second address for an owner's alerts. It is used after someone who reads its mails has confirmed it. Data Protection makes
/// the link from a random key, so the database alone is not enough to forge one.
/// </summary>
public sealed class ExtraRecipients(
    SentinelCamDbContext db,
    DeliveryPlan deliveries,
    AlertNotices notices,
    SiteOptions site,
    IDataProtectionProvider protection,
    ActivityLog activity,
    TimeProvider time,
    ILogger<ExtraRecipients> logger)
{
    /// <summary>
    /// The maximum number of addresses an owner can ask in a day, so that nobody can flood a stranger's mailbox.
    /// </summary>
    public const int MaxAskedPerDay = 3;

    private const string RecipientRemoved = "Not sent: the recipient was removed.";

    private static readonly TimeSpan LinkLifetime = TimeSpan.FromDays(1);

    private readonly IDataProtector _protector = protection.CreateProtector("SentinelCam.ExtraRecipient.v1");

    /// <summary>Asks an address to confirm that it wants the alerts. An earlier request becomes invalid.</summary>
    /// <param name="accountId">The owner.</param>
    /// <param name="address">The address, as typed.</param>
    /// <param name="seenAt">
    /// The address at which the owner sees the site, without a trailing slash. The link begins with it if
    /// <see cref="SiteOptions.Address"/> is not known.
    /// </param>
    public async Task<RecipientOutcome> AskAsync(long accountId, string? address, string seenAt)
    {
        address = address?.Trim();
        if (!Registration.IsMailAddress(address))
            return RecipientOutcome.NoAddress;
        await using var transaction = await db.Database.BeginTransactionAsync();
        var now = time.GetUtcNow();
        var account = await db.Users.SingleAsync(a => a.Id == accountId);
        if (string.Equals(account.Email, address, StringComparison.OrdinalIgnoreCase))
            return RecipientOutcome.OwnAddress;
        var dayBefore = now.AddDays(-1);
        var asked = await db.Deliveries.CountAsync(d =>
            d.RecipientId == accountId && d.Kind == MailKind.ConfirmRecipient && d.CreatedAt > dayBefore);
        if (asked >= MaxAskedPerDay)
            return RecipientOutcome.TooMany;

        account.PendingRecipient = address;
        account.PendingRecipientKey = Guid.NewGuid().ToString("N");
        account.PendingRecipientUntil = now + LinkLifetime;
        activity.Add(accountId, ActivityKind.RecipientAsked, ActivityLog.Masked(address));
        deliveries.AddNotice(MailKind.ConfirmRecipient, accountId, address!).SiteAddress = seenAt;
        await notices.AddAsync(
            account, [$"The address {address} was asked to confirm that it wants to receive your alerts as well."]);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} requested an extra recipient", accountId);
        return RecipientOutcome.Asked;
    }

    /// <summary>
    /// The confirmation link for a delivery's mail; null if it was used, expired, or superseded by another request.
    /// </summary>
    public string? LinkFor(Account owner, Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(delivery);
        return owner.PendingRecipient == delivery.Recipient
            && owner.PendingRecipientUntil > time.GetUtcNow()
            && owner.PendingRecipientKey is { } key
            ? $"{site.Address ?? delivery.SiteAddress}/confirm_recipient?token={_protector.Protect($"{owner.Id} {key}")}"
            : null;
    }

    /// <summary>The account whose alerts a link is about.</summary>
    /// <returns>Null if the link is invalid, used or expired.</returns>
    public async Task<Account?> FindAsync(string? token)
    {
        if (Read(token) is not [var id, var key] || !long.TryParse(id, out var accountId))
            return null;
        var now = time.GetUtcNow();
        return await db.Users.SingleOrDefaultAsync(a => a.Id == accountId
            && a.PendingRecipientKey == key && a.PendingRecipient != null && a.PendingRecipientUntil > now
            && a.ApprovedAt != null);
    }

    /// <summary>Confirms the extra recipient. A link works once.</summary>
    /// <returns>False if the link is invalid, used or expired.</returns>
    public async Task<bool> ConfirmAsync(string? token)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await FindAsync(token) is not { } account)
            return false;
        account.ExtraRecipient = account.PendingRecipient;
        Forget(account);
        activity.Add(account.Id, ActivityKind.RecipientConfirmed, ActivityLog.Masked(account.ExtraRecipient),
            ActivityActor.Visitor);
        await notices.AddAsync(account, [$"The address {account.ExtraRecipient} now receives your alerts as well."]);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("The extra recipient of account {AccountId} confirmed", account.Id);
        return true;
    }

    /// <summary>Removes the extra recipient, confirmed or not. Mails that wait to be sent there are not sent.</summary>
    public async Task RemoveAsync(long accountId)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.SingleAsync(a => a.Id == accountId);
        if ((account.ExtraRecipient ?? account.PendingRecipient) is not { } address)
            return;
        await db.Deliveries
            .Where(d => d.RecipientId == accountId && d.Recipient != account.Email && d.State == DeliveryState.Waiting)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Failed)
                .SetProperty(d => d.LastReply, RecipientRemoved)
                .SetProperty(d => d.AcknowledgedAt, time.GetUtcNow()));
        account.ExtraRecipient = null;
        Forget(account);
        activity.Add(accountId, ActivityKind.RecipientRemoved, ActivityLog.Masked(address));
        await notices.AddAsync(account, [$"The address {address} no longer receives your alerts."]);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private static void Forget(Account account) =>
        (account.PendingRecipient, account.PendingRecipientKey, account.PendingRecipientUntil) = (null, null, null);

    private string[]? Read(string? token)
    {
        try
        {
            return token is { Length: > 0 and < 1000 } ? _protector.Unprotect(token).Split(' ') : null;
        }
        catch (Exception error) when (error is System.Security.Cryptography.CryptographicException or FormatException)
        {
            return null;
        }
    }
}
