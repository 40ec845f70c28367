using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of asking for another address.</summary>
public enum AddressChangeOutcome
{
    /// <summary>The new address was asked to confirm; or it has an account, and nothing was mailed there.</summary>
    Asked,

    /// <summary>There is no mail server, so the address was changed at once.</summary>
    Changed,

    /// <summary>The text is not a mail address.</summary>
    NoAddress,

    /// <summary>It is the account's address already.</summary>
    SameAddress,

    /// <summary>There is no mail server, and another account has the address.</summary>
    Taken,

    /// <summary>The owner has asked too many addresses today.</summary>
    TooMany,

    /// <summary>The password is wrong, and the attempt was recorded.</summary>
    WrongPassword,

    /// <summary>Too many passwords were wrong in this session. Nothing was compared.</summary>
    TooManyWrong,

    /// <summary>Too many passwords waited to be checked.</summary>
    TooBusy,

    /// <summary>The database is not writable, so nothing was recorded or changed.</summary>
    NotRecorded,
}

/// <summary>
/// Changes the address of an account: after the new one has confirmed, and in such a way that the old one can undo it. Otherwise
/// somebody with a stolen session could take an account for good.
/// </summary>
public sealed class AddressChange(
    SentinelCamDbContext db, UserManager<Account> accounts, CredentialCheck credentials, AccountLinks links,
    DeliveryPlan deliveries, AlertNotices notices, ActivityLog activity, SmtpOptions smtp, TimeProvider time,
    ILogger<AddressChange> logger)
{
    /// <summary>The most addresses an owner can ask in a day, so that nobody can flood a stranger's mailbox.</summary>
    public const int MaxAskedPerDay = 3;

    /// <summary>How long the new address can confirm.</summary>
    public static readonly TimeSpan ConfirmLifetime = TimeSpan.FromDays(1);

    /// <summary>How long the old address can undo the change.</summary>
    public static readonly TimeSpan UndoLifetime = TimeSpan.FromDays(7);

    /// <summary>Asks a new address to confirm. A wrong password is treated like one on the sign-in page.</summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="session">In which session.</param>
    /// <param name="address">The new address, as typed.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="site">The address of the site, which starts the link.</param>
    /// <param name="visitor">Who typed them.</param>
    public async Task<AddressChangeOutcome> AskAsync(
        Account account, LiveSession session, string? address, string password, string site, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        address = address?.Trim();
        if (!Registration.IsMailAddress(address))
            return AddressChangeOutcome.NoAddress;
        if (accounts.NormalizeEmail(address) == account.NormalizedEmail)
            return AddressChangeOutcome.SameAddress;
        var confirmed = await credentials.ConfirmAsync(account, session, password, visitor);
        if (confirmed is not CredentialResult.Accepted)
        {
            return confirmed switch
            {
                CredentialResult.Refused => AddressChangeOutcome.WrongPassword,
                CredentialResult.RefusedForNow => AddressChangeOutcome.TooManyWrong,
                CredentialResult.NotChecked => AddressChangeOutcome.TooBusy,
                _ => AddressChangeOutcome.NotRecorded,
            };
        }

        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var outcome = await AskAsync(account, address!, site);
            if (outcome is AddressChangeOutcome.Asked or AddressChangeOutcome.Changed)
            {
                await db.SaveChangesAsync();
                await transaction.CommitAsync();
            }

            return outcome;
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("An address could not be changed: {Problem}", (error.InnerException ?? error).Message);
            return AddressChangeOutcome.NotRecorded;
        }
    }

    /// <summary>Whether a link to confirm a new address can be used, and for which account. Changes nothing.</summary>
    public Task<OpenedLink> OpenAsync(string? token) => links.OpenAsync(LinkPurpose.ChangeAddress, token);

    /// <summary>Changes the address, and mails the old one a link that undoes it.</summary>
    /// <param name="token">The link's token.</param>
    /// <param name="site">The address of the site, which starts the link that undoes it.</param>
    /// <returns>What the link was; valid if the address is changed now.</returns>
    public async Task<OpenedLink> ConfirmAsync(string? token, string site)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var opened = await links.OpenAsync(LinkPurpose.ChangeAddress, token, isTracked: true);
        if (opened is not { Link: { Address: { } address } link, Account: { } account })
            return opened;
        var old = account.Email!;
        links.Use(link);
        if (!await MoveAsync(account, address, isProved: true))
            return new OpenedLink(LinkState.Overtaken);
        var others = new[] { LinkPurpose.ChangeAddress, LinkPurpose.ResetPassword };
        await db.AccountLinks.Where(l => l.AccountId == account.Id && l.Id != link.Id && others.Contains(l.Purpose))
            .ExecuteDeleteAsync();
        activity.Add(account.Id, ActivityKind.AddressChanged, ActivityLog.Masked(address), ActivityActor.Visitor);
        var mail = deliveries.AddNotice(MailKind.AddressChanged, account.Id, old);
        mail.SiteAddress = site;
        mail.Changes = $"The new address is {address}.";
        links.Add(LinkPurpose.UndoAddress, account, mail, UndoLifetime, old);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} has another address", account.Id);
        return opened;
    }

    /// <summary>Whether a link that undoes a change can be used, and for which account. Changes nothing.</summary>
    public Task<OpenedLink> OpenUndoAsync(string? token) => links.OpenAsync(LinkPurpose.UndoAddress, token);

    /// <summary>
    /// Gives an account its earlier address back, ends all its sessions and removes its passkeys. Links that were made since for
    /// this account no longer work: whoever has changed the address must neither change it again nor get in.
    /// </summary>
    /// <returns>What the link was; valid if the address is changed now.</returns>
    public async Task<OpenedLink> UndoAsync(string? token)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var opened = await links.OpenAsync(LinkPurpose.UndoAddress, token, isTracked: true);
        if (opened is not { Link: { Address: { } address } link, Account: { } account })
            return opened;
        links.Use(link);
        if (account.NormalizedEmail != accounts.NormalizeEmail(address) && !await MoveAsync(account, address, isProved: true))
            return new OpenedLink(LinkState.Overtaken);
        await db.AccountLinks.Where(l => l.AccountId == account.Id
                && (l.Id > link.Id || l.Purpose == LinkPurpose.ChangeAddress || l.Purpose == LinkPurpose.ResetPassword))
            .ExecuteDeleteAsync();
        var passkeys = await db.UserPasskeys.Where(p => p.UserId == account.Id).ExecuteDeleteAsync();
        await notices.AddAsync(
            account,
            [
                $"The change of the address was undone: it is {address} again. All sessions were signed out."
                    + (passkeys == 0 ? "" : " All passkeys were removed; add yours again."),
            ],
            always: true);
        activity.Add(account.Id, ActivityKind.AddressChangeUndone, ActivityLog.Masked(address), ActivityActor.Visitor);
        // Saves the rest, too, and ends all sessions
        if (!(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
            return new OpenedLink(LinkState.Overtaken);
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} has its earlier address again", account.Id);
        return opened;
    }

    private async Task<AddressChangeOutcome> AskAsync(Account account, string address, string site)
    {
        var dayBefore = time.GetUtcNow().AddDays(-1);
        var asked = await db.AccountLinks.CountAsync(l =>
            l.AccountId == account.Id && l.Purpose == LinkPurpose.ChangeAddress && l.CreatedAt > dayBefore);
        if (asked >= MaxAskedPerDay)
            return AddressChangeOutcome.TooMany;
        if (smtp.Host is null)
        {
            var old = account.Email;
            if (!await MoveAsync(account, address, isProved: false))
                return AddressChangeOutcome.Taken;
            activity.Add(account.Id, ActivityKind.AddressChanged, ActivityLog.Masked(address));
            links.Use(links.Add(LinkPurpose.ChangeAddress, account, null, ConfirmLifetime, address));
            await notices.AddAsync(account, [$"The address was changed from {old} to {address}."], always: true);
            return AddressChangeOutcome.Changed;
        }

        // The answer does not tell whether somebody else has the address
        var name = accounts.NormalizeEmail(address);
        Delivery? mail = null;
        if (!await db.Users.AnyAsync(a => a.NormalizedEmail == name && (a.EmailConfirmed || a.ApprovedAt != null)))
        {
            mail = deliveries.AddNotice(MailKind.ChangeAddress, account.Id, address);
            mail.SiteAddress = site;
        }

        activity.Add(account.Id, ActivityKind.AddressChangeRequested, ActivityLog.Masked(address));
        links.Add(LinkPurpose.ChangeAddress, account, mail, ConfirmLifetime, address);
        await notices.AddAsync(
            account,
            [$"Somebody who is signed in wants to change the address to {address}. It changes once that address has confirmed."],
            always: true);
        logger.LogInformation("Account {AccountId} asked for another address", account.Id);
        return AddressChangeOutcome.Asked;
    }

    /// <param name="account">The account.</param>
    /// <param name="address">Its new address.</param>
    /// <param name="isProved">
    /// Whether somebody who reads the address's mails wants this. Then an account that has registered it and not confirmed it
    /// gives way: a stranger could otherwise prevent the change.
    /// </param>
    /// <returns>False if another account has the address.</returns>
    private async Task<bool> MoveAsync(Account account, string address, bool isProved)
    {
        var old = account.Email;
        var name = accounts.NormalizeEmail(address);
        if (isProved)
        {
            var unconfirmed = db.Users.Where(a => !a.EmailConfirmed && a.RegisteredFrom != null);
            await unconfirmed.Where(a => a.NormalizedEmail == name && a.Id != account.Id).ExecuteDeleteAsync();
        }

        account.Email = account.UserName = address;
        account.EmailConfirmed = true;
        if (string.Equals(account.ExtraRecipient, address, StringComparison.OrdinalIgnoreCase))
            account.ExtraRecipient = null;
        // Saves the links, too. It checks that the address is free
        if (!(await accounts.UpdateAsync(account)).Succeeded)
        {
            account.Email = account.UserName = old;
            return false;
        }

        // Mails that wait for a picture or the mail server would be moot at the old address
        await db.Deliveries
            .Where(d => d.RecipientId == account.Id && d.Recipient == old && d.State == DeliveryState.Waiting
                && !MailKinds.WithLink.Contains(d.Kind))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.Recipient, address));
        return true;
    }
}
