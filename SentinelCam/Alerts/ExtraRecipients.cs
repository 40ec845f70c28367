using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>What became of the wish for an extra recipient.</summary>
public enum RecipientOutcome
{
    Asked,
    NoAddress,
    OwnAddress,
    TooMany,
}

/// <summary>
/// The second address of an owner's alerts. It is used once somebody who reads its mails has confirmed it; the link is made from a
/// random key by Data Protection, so that the database alone is not enough to make one.
/// </summary>
public sealed class ExtraRecipients(SentinelCamDbContext db, DeliveryPlan deliveries, AlertNotices notices, IDataProtectionProvider protection, TimeProvider time, ILogger<ExtraRecipients> logger)
{
    /// <summary>A stranger's mailbox must not be filled from here.</summary>
    public const int MaxAskedPerDay = 3;

    private static readonly TimeSpan LinkLife = TimeSpan.FromDays(1);

    private readonly IDataProtector _protector = protection.CreateProtector("SentinelCam.ExtraRecipient.v1");

    /// <summary>Asks an address whether it wants the alerts. One that was asked before is forgotten.</summary>
    /// <param name="accountId">The owner.</param>
    /// <param name="address">The address, as typed.</param>
    /// <param name="site">Where the site is, without a slash at the end: <c>https://cam.example.org</c>.</param>
    public async Task<RecipientOutcome> AskAsync(long accountId, string? address, string site)
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
        if (await db.Deliveries.CountAsync(d => d.RecipientId == accountId && d.Kind == MailKind.ConfirmRecipient && d.CreatedAt > dayBefore) >= MaxAskedPerDay)
            return RecipientOutcome.TooMany;

        account.PendingRecipient = address;
        account.PendingRecipientKey = Guid.NewGuid().ToString("N");
        account.PendingRecipientUntil = now + LinkLife;
        deliveries.AddNotice(MailKind.ConfirmRecipient, accountId, address!).SiteAddress = site;
        await notices.AddAsync(account, [$"The address {address} was asked to confirm that it wants your alerts as well."]);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} asked for an extra recipient", accountId);
        return RecipientOutcome.Asked;
    }

    /// <summary>The confirming link for a delivery's mail; null where it was used, has run out, or another address was asked since.</summary>
    public string? LinkFor(Account owner, Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(delivery);
        return owner.PendingRecipient == delivery.Recipient && owner.PendingRecipientUntil > time.GetUtcNow() && owner.PendingRecipientKey is { } key
            ? $"{delivery.SiteAddress}/confirm_recipient?token={_protector.Protect($"{owner.Id} {key}")}"
            : null;
    }

    /// <summary>Whose alerts a link is about, and where they would go.</summary>
    /// <returns>Null for a link that does not work, or not any more.</returns>
    public async Task<Account?> FindAsync(string? token)
    {
        if (Read(token) is not [var id, var key] || !long.TryParse(id, out var accountId))
            return null;
        var now = time.GetUtcNow();
        return await db.Users.SingleOrDefaultAsync(a => a.Id == accountId && a.PendingRecipientKey == key && a.PendingRecipient != null && a.PendingRecipientUntil > now && a.ApprovedAt != null);
    }

    /// <summary>Uses a link, once.</summary>
    /// <returns>False for a link that does not work, or no longer works.</returns>
    public async Task<bool> ConfirmAsync(string? token)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await FindAsync(token) is not { } account)
            return false;
        account.ExtraRecipient = account.PendingRecipient;
        Forget(account);
        await notices.AddAsync(account, [$"The address {account.ExtraRecipient} gets your alerts from now on."]);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} has an extra recipient", account.Id);
        return true;
    }

    /// <summary>Removes the extra recipient, and the one who was asked. What waits to be sent there is not sent.</summary>
    public async Task RemoveAsync(long accountId)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.SingleAsync(a => a.Id == accountId);
        if ((account.ExtraRecipient ?? account.PendingRecipient) is not { } address)
            return;
        await db.Deliveries.Where(d => d.RecipientId == accountId && d.Recipient != account.Email && d.State == DeliveryState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Failed).SetProperty(d => d.LastReply, "Not sent: the recipient was removed.")
                .SetProperty(d => d.AcknowledgedAt, time.GetUtcNow()));
        account.ExtraRecipient = null;
        Forget(account);
        await notices.AddAsync(account, [$"The address {address} gets your alerts no more."]);
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
