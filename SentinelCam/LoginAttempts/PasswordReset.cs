using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of setting a new password with a link.</summary>
public enum PasswordResetOutcome
{
    Done,

    /// <summary>The link cannot be used, or not any more.</summary>
    LinkRefused,

    /// <summary>Too many passwords waited to be hashed. The link still works.</summary>
    TooBusy,

    /// <summary>The database is not writable. The link still works.</summary>
    NotSaved,
}

/// <summary>
/// Lets an owner who has forgotten the password set a new one, with a link that is mailed to the account's address.
/// </summary>
public sealed class PasswordReset(
    SentinelCamDbContext db, UserManager<Account> accounts, IPasswordHasher<Account> hasher, HashingSlots slots,
    AccountLinks links, DeliveryPlan deliveries, AlertNotices notices, ActivityLog activity,
    TimeProvider time, ILogger<PasswordReset> logger)
{
    /// <summary>How long a link works.</summary>
    public static readonly TimeSpan LinkLifetime = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The time between two mails to one account. It is shorter than a link's life, so that a stranger who keeps asking cannot
    /// keep the owner without a link that works.
    /// </summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromMinutes(15);

    /// <summary>The most mails to one account within a day, so that a stranger cannot flood the owner's mailbox.</summary>
    public const int MaxPerDay = 10;

    /// <summary>Mails a link if there is an account that may have one.</summary>
    /// <remarks>
    /// Every request reads the same and commits one row, so that the next answer does not take longer because the last one was
    /// about an account.
    /// </remarks>
    /// <param name="email">The address, as typed.</param>
    /// <param name="site">The address of the site, which starts the link.</param>
    /// <param name="visitor">Who asked.</param>
    public async Task SendLinkAsync(string email, string site, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(email);
        ArgumentNullException.ThrowIfNull(visitor);
        var name = email.Length <= Registration.MaxEmailLength ? accounts.NormalizeEmail(email.Trim()) : null;
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.AsNoTracking()
            .SingleOrDefaultAsync(a => a.NormalizedEmail == name && name != null && a.ApprovedAt != null);
        var id = account?.Id ?? 0;
        var now = time.GetUtcNow();
        var (dayBefore, earliest) = (now.AddDays(-1), now - Spacing);
        // Not those from a time when the clock was ahead
        var sent = await db.AccountLinks.CountAsync(l => l.AccountId == id && l.Purpose == LinkPurpose.ResetPassword
            && l.CreatedAt > dayBefore && l.CreatedAt <= now);
        var isRecent = await db.AccountLinks.AnyAsync(l => l.AccountId == id && l.Purpose == LinkPurpose.ResetPassword
            && l.CreatedAt > earliest && l.CreatedAt <= now);
        var isMailed = account is not null && sent < MaxPerDay && !isRecent;
        Delivery? mail = null;
        if (isMailed)
        {
            mail = deliveries.AddNotice(MailKind.ResetPassword, id, account!.Email!);
            mail.SiteAddress = site;
            mail.Changes = $"The request came from {RemotePlace.Describe(visitor.RemoteAddress)}.";
            activity.Add(id, ActivityKind.PasswordLinkRequested, by: ActivityActor.Visitor, visitor: visitor);
        }

        links.Add(LinkPurpose.ResetPassword, isMailed ? account : null, mail, LinkLifetime);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        if (isMailed)
            logger.LogInformation("A link to set a new password is mailed to account {AccountId}", id);
    }

    /// <summary>Whether a link can be used, and for which account. Changes nothing.</summary>
    public Task<OpenedLink> OpenAsync(string? token) => links.OpenAsync(LinkPurpose.ResetPassword, token);

    /// <summary>Sets a new password, unlocks the account, ends all its sessions, and notifies its owner.</summary>
    /// <param name="token">The link's token.</param>
    /// <param name="wanted">The new password, which <see cref="Registration"/> allows.</param>
    /// <param name="visitor">Who has the link.</param>
    /// <returns>The outcome, and the account's id if it is <see cref="PasswordResetOutcome.Done"/>.</returns>
    public async Task<(PasswordResetOutcome Outcome, long AccountId)> ResetAsync(string? token, string wanted, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        // Only somebody with a link can make the site hash
        if ((await OpenAsync(token)).Account is not { } before)
            return (PasswordResetOutcome.LinkRefused, 0);
        var hash = "";
        if (!await slots.RunAsync(VisitorLine.OfStranger(visitor), () => hash = hasher.HashPassword(before, wanted)))
            return (PasswordResetOutcome.TooBusy, 0);
        try
        {
            // BEGIN IMMEDIATE, so that of two who use a link at once, only one can
            await using var transaction = await db.Database.BeginTransactionAsync();
            if (await links.OpenAsync(LinkPurpose.ResetPassword, token, isTracked: true)
                is not { Account: { } account, Link: { } link })
                return (PasswordResetOutcome.LinkRefused, 0);
            account.PasswordHash = hash;
            (account.AccessFailedCount, account.LockoutEnd) = (0, null);
            (account.WrongCodes, account.CodesLockedUntil) = (0, null);
            links.Use(link);
            await notices.AddAsync(
                account,
                ["A new password was set with a link that was mailed to this address, from "
                    + $"{RemotePlace.Describe(visitor.RemoteAddress)}. All sessions were signed out."],
                always: true);
            activity.Add(account.Id, ActivityKind.PasswordReset, by: ActivityActor.Visitor);
            // Saves the rest, too, and ends all sessions
            if (!(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
                return (PasswordResetOutcome.LinkRefused, 0);
            await transaction.CommitAsync();
            logger.LogInformation("Account {AccountId} has a new password, set with a link from {RemoteAddress}",
                account.Id, visitor.RemoteAddress);
            return (PasswordResetOutcome.Done, account.Id);
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("A password could not be reset: {Problem}", (error.InnerException ?? error).Message);
            return (PasswordResetOutcome.NotSaved, 0);
        }
    }
}
