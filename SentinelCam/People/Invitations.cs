using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.People;

/// <summary>The result of inviting somebody.</summary>
public enum InvitationOutcome
{
    Invited,

    /// <summary>The text is not a mail address.</summary>
    NoAddress,

    /// <summary>The address has an account.</summary>
    HasAccount,

    /// <summary><see cref="Invitations.MaxOpen"/> invitations are open.</summary>
    TooManyOpen,

    /// <summary><see cref="Invitations.MaxMailsPerHour"/> were mailed within the hour.</summary>
    TooManyMails,
}

/// <summary>The result of using an invitation.</summary>
public enum AcceptanceOutcome
{
    /// <summary>The account can sign in.</summary>
    Accepted,

    /// <summary>The same; the address was asked to confirm, and nothing else is mailed there before it has.</summary>
    AcceptedUnconfirmed,

    /// <summary>The link cannot be used, or not any more.</summary>
    LinkRefused,

    /// <summary>
    /// The address has an account. The invitation is used up, because otherwise its holder could find out whose addresses have.
    /// </summary>
    HasAccount,

    /// <summary>Too many passwords waited to be hashed. The link still works.</summary>
    TooBusy,

    /// <summary>The database is not writable. The link still works.</summary>
    NotSaved,
}

/// <summary>An invitation that can be used.</summary>
/// <param name="Id">Its link's row.</param>
/// <param name="Address">Where it was mailed; null if the administrator passes it on.</param>
/// <param name="InvitedBy">The administrator's address.</param>
/// <param name="ExpiresAt">Until when it works.</param>
/// <param name="Mail">Whether the mail has left; null if there is none.</param>
public sealed record OpenInvitation(
    long Id, string? Address, string InvitedBy, DateTimeOffset ExpiresAt, DeliveryState? Mail);

/// <summary>
/// Invitations, by mail or by a link that an administrator passes on. Each works once, for seven days, and only as long as who
/// sent it is an administrator. The account is approved at once, whoever may register otherwise.
/// </summary>
public sealed class Invitations(
    SentinelCamDbContext db, UserManager<Account> accounts, IPasswordHasher<Account> hasher, HashingSlots slots,
    AccountLinks links, AddressConfirmation confirmation, DeliveryPlan deliveries, SmtpOptions smtp, ActivityLog activity,
    TimeProvider time, ILogger<Invitations> logger)
{
    /// <summary>How long an invitation works.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>The most invitations that are open at once.</summary>
    public const int MaxOpen = 20;

    /// <summary>The most invitations that all administrators can mail within an hour, whether they are revoked or not.</summary>
    public const int MaxMailsPerHour = 10;

    /// <summary>Invites somebody. An earlier invitation that was mailed to the address no longer works.</summary>
    /// <param name="inviterId">The administrator.</param>
    /// <param name="address">Where to mail it, as typed; empty for a link that the administrator passes on.</param>
    /// <param name="site">The address of the site, which starts the link.</param>
    /// <returns>The outcome, and the link if it was not mailed. It is shown to nobody again.</returns>
    public async Task<(InvitationOutcome Outcome, string? Link)> InviteAsync(long inviterId, string? address, string site)
    {
        address = string.IsNullOrWhiteSpace(address) ? null : address.Trim();
        if (address is not null && !Registration.IsMailAddress(address))
            return (InvitationOutcome.NoAddress, null);
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (address is not null)
        {
            var name = accounts.NormalizeEmail(address);
            // A request that nobody has confirmed may be a stranger's, and gives way once the invitation is used
            if (await db.Users.AnyAsync(a => a.NormalizedEmail == name && (a.EmailConfirmed || a.RegisteredFrom == null)))
                return (InvitationOutcome.HasAccount, null);
            await RevokeAsync(Open().Where(l => SentinelCamDbContext.Lower(l.Address) == SentinelCamDbContext.Lower(address)));
            var hourBefore = time.GetUtcNow().AddHours(-1);
            if (await db.Deliveries.CountAsync(d => d.Kind == MailKind.Invitation && d.CreatedAt > hourBefore) >= MaxMailsPerHour)
                return (InvitationOutcome.TooManyMails, null);
        }

        if (await Open().CountAsync() >= MaxOpen)
            return (InvitationOutcome.TooManyOpen, null);
        var inviter = await db.Users.SingleAsync(a => a.Id == inviterId);
        Delivery? mail = null;
        if (address is not null)
        {
            mail = deliveries.AddNotice(MailKind.Invitation, inviterId, address);
            mail.SiteAddress = site;
        }

        var link = links.Add(LinkPurpose.Invitation, inviter, mail, Lifetime, address);
        activity.Add(inviterId, ActivityKind.InvitationSent, ActivityLog.Masked(address));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} sent invitation {InvitationId}", inviterId, link.Id);
        return (InvitationOutcome.Invited, mail is null ? links.AddressOf(link, site) : null);
    }

    /// <summary>The invitations that can be used, the newest first.</summary>
    public async Task<IReadOnlyList<OpenInvitation>> ListAsync() => await Open()
        .OrderByDescending(l => l.Id)
        .Select(l => new OpenInvitation(l.Id, l.Address, db.Users.Single(a => a.Id == l.AccountId).Email!, l.ExpiresAt,
            l.Delivery == null ? null : l.Delivery.State))
        .ToListAsync();

    /// <summary>Makes an invitation useless.</summary>
    /// <returns>False if there is no such open invitation.</returns>
    public async Task<bool> RevokeAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var open = Open().Where(l => l.Id == id);
        if (await open.Select(l => new { l.AccountId, l.Address }).SingleOrDefaultAsync() is not { } invitation)
            return false;
        await RevokeAsync(open);
        activity.Add(invitation.AccountId, ActivityKind.InvitationRevoked, ActivityLog.Masked(invitation.Address));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Invitation {InvitationId} was revoked", id);
        return true;
    }

    /// <summary>Whether an invitation can be used. Changes nothing.</summary>
    public Task<OpenedLink> OpenAsync(string? token) => links.OpenAsync(LinkPurpose.Invitation, token);

    /// <summary>Creates the account of an invited person.</summary>
    /// <param name="token">The link's token.</param>
    /// <param name="name">The display name.</param>
    /// <param name="typedAddress">Used if the invitation was not mailed, see <see cref="Registration.IsMailAddress"/>.</param>
    /// <param name="password">A password that <see cref="PasswordPolicy"/> accepts.</param>
    /// <param name="site">The address of the site, which starts the link that confirms the address.</param>
    /// <param name="visitor">Who has the link.</param>
    public async Task<AcceptanceOutcome> AcceptAsync(
        string? token, string name, string? typedAddress, string password, string site, Visitor visitor)
    {
        // Only somebody with a link can make the site hash
        if ((await OpenAsync(token)).Link is not { } invitation)
            return AcceptanceOutcome.LinkRefused;
        var now = time.GetUtcNow();
        var address = invitation.Address ?? typedAddress;
        var account = new Account
        {
            UserName = address,
            Name = name,
            Email = address,
            // Only a link that came by mail shows that its holder reads the address's mails. Without a mail server nobody can
            EmailConfirmed = invitation.Address is not null || smtp.Host is null,
            RegisteredAt = now,
            ApprovedAt = now,
            SecurityStamp = Guid.NewGuid().ToString(),
        };
        if (!await slots.RunAsync(
                VisitorLine.OfStranger(visitor), () => account.PasswordHash = hasher.HashPassword(account, password)))
            return AcceptanceOutcome.TooBusy;
        try
        {
            return await CreateAsync(token, account, site);
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("An invitation could not be used: {Problem}", (error.InnerException ?? error).Message);
            return AcceptanceOutcome.NotSaved;
        }
    }

    private async Task<AcceptanceOutcome> CreateAsync(string? token, Account account, string site)
    {
        // BEGIN IMMEDIATE, so that of two who use a link at once, only one can
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await links.OpenAsync(LinkPurpose.Invitation, token, isTracked: true) is not { Link: { } link })
            return AcceptanceOutcome.LinkRefused;
        links.Use(link);
        var name = accounts.NormalizeEmail(account.Email);
        if (link.Address is not null)
            await Unconfirmed(name).ExecuteDeleteAsync();
        if (await db.Users.AnyAsync(a => a.NormalizedEmail == name))
        {
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            return AcceptanceOutcome.HasAccount;
        }

        var created = await accounts.CreateAsync(account);
        if (!created.Succeeded)
            throw new InvalidOperationException(string.Join(' ', created.Errors.Select(error => error.Description)));
        if (!account.EmailConfirmed)
            confirmation.Ask(account, site);
        activity.Add(account.Id, ActivityKind.InvitationUsed, by: ActivityActor.Visitor);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} was created with invitation {InvitationId}", account.Id, link.Id);
        return account.EmailConfirmed ? AcceptanceOutcome.Accepted : AcceptanceOutcome.AcceptedUnconfirmed;
    }

    /// <summary>A request for an account with an address whose owner has not confirmed it.</summary>
    private IQueryable<Account> Unconfirmed(string? name) =>
        db.Users.Where(a => a.NormalizedEmail == name && !a.EmailConfirmed && a.RegisteredFrom != null);

    private IQueryable<AccountLink> Open()
    {
        var now = time.GetUtcNow();
        return db.AccountLinks.Where(l => l.Purpose == LinkPurpose.Invitation && l.UsedAt == null && l.ExpiresAt > now
            && db.Administrators().Any(a => a.Id == l.AccountId));
    }

    private Task<int> RevokeAsync(IQueryable<AccountLink> invitations)
    {
        var now = time.GetUtcNow();
        return invitations.ExecuteUpdateAsync(set => set.SetProperty(l => l.Key, "").SetProperty(l => l.ExpiresAt, now));
    }
}
