using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>Whether a link can be used.</summary>
public enum LinkState
{
    Valid,

    /// <summary>It was used before.</summary>
    Used,

    Expired,

    /// <summary>What has happened since made it invalid: another change of the password, or the account is suspended.</summary>
    Overtaken,

    /// <summary>SentinelCam did not make it, or a part of it is missing.</summary>
    Unknown,
}

/// <summary>A link that somebody opened.</summary>
/// <param name="State">Whether it can be used.</param>
/// <param name="Link">Its row; null unless it is valid.</param>
/// <param name="Account">The account that it is about; null unless it is valid.</param>
public sealed record OpenedLink(LinkState State, AccountLink? Link = null, Account? Account = null);

/// <summary>Makes and reads the links in mails about accounts. Each works once and expires.</summary>
public sealed class AccountLinks(SentinelCamDbContext db, IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>How long a row is kept after its link has expired, so that the page can say what became of the link.</summary>
    private static readonly TimeSpan KeptAfterwards = TimeSpan.FromDays(7);

    /// <summary>Adds a link and the mail that carries it to the caller's transaction.</summary>
    /// <param name="purpose">What it is for.</param>
    /// <param name="account">Whom it is about, or who invites; null for a row that stands for nobody's link.</param>
    /// <param name="delivery">The mail; null if there is none.</param>
    /// <param name="lifetime">How long it works.</param>
    /// <param name="address">The mail address that it is about, if any.</param>
    public AccountLink Add(
        LinkPurpose purpose, Account? account, Delivery? delivery, TimeSpan lifetime, string? address = null)
    {
        var now = time.GetUtcNow();
        return db.Add(new AccountLink
        {
            Purpose = purpose,
            AccountId = account?.Id,
            Delivery = delivery,
            Address = address,
            Key = Guid.NewGuid().ToString("N"),
            Stamp = purpose is LinkPurpose.ResetPassword ? account?.SecurityStamp : null,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        }).Entity;
    }

    /// <summary>The link for a mail; null if it was used, has expired, or no longer works.</summary>
    public async Task<string?> AddressForAsync(Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var link = await db.AccountLinks.AsNoTracking().SingleOrDefaultAsync(l => l.DeliveryId == delivery.Id);
        return link is not null && (await JudgeAsync(link, isTracked: false)).State is LinkState.Valid
            ? AddressOf(link, delivery.SiteAddress)
            : null;
    }

    /// <summary>The link itself, for somebody who may have it.</summary>
    /// <param name="link">Its row, which is saved.</param>
    /// <param name="site">The address of the site.</param>
    public string AddressOf(AccountLink link, string? site)
    {
        ArgumentNullException.ThrowIfNull(link);
        return $"{site}/{PathOf(link.Purpose)}?token={Protector(link.Purpose).Protect($"{link.Id} {link.Key}")}";
    }

    /// <summary>Finds a link by its token. Changes nothing.</summary>
    /// <param name="purpose">What the page does that was opened. A token for anything else is unknown.</param>
    /// <param name="token">The token, as submitted.</param>
    /// <param name="isTracked">Whether the caller is going to change the account.</param>
    public async Task<OpenedLink> OpenAsync(LinkPurpose purpose, string? token, bool isTracked = false)
    {
        if (Read(purpose, token) is not [var id, var key] || !long.TryParse(id, out var linkId))
            return new OpenedLink(LinkState.Unknown);
        var links = isTracked ? db.AccountLinks : db.AccountLinks.AsNoTracking();
        if (await links.SingleOrDefaultAsync(l => l.Id == linkId) is not { } link)
            return new OpenedLink(LinkState.Expired);
        // A restored backup may give the id to another link
        return link.Purpose != purpose || (link.UsedAt is null && link.Key != key)
            ? new OpenedLink(LinkState.Overtaken)
            : await JudgeAsync(link, isTracked);
    }

    /// <summary>Marks a link as used, and forgets its secret.</summary>
    public void Use(AccountLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        (link.UsedAt, link.Key) = (time.GetUtcNow(), "");
    }

    /// <summary>Removes the rows of links that expired long ago, and at once those that nobody has.</summary>
    public Task RemoveExpiredAsync(CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        var before = now - KeptAfterwards;
        return db.AccountLinks.Where(l => l.ExpiresAt < before || (l.AccountId == null && l.ExpiresAt < now))
            .ExecuteDeleteAsync(cancellationToken);
    }

    private async Task<OpenedLink> JudgeAsync(AccountLink link, bool isTracked)
    {
        if (link.UsedAt is not null)
            return new OpenedLink(LinkState.Used);
        if (link.ExpiresAt <= time.GetUtcNow())
            return new OpenedLink(LinkState.Expired);
        var accounts = isTracked ? db.Users : db.Users.AsNoTracking();
        var account = await accounts.SingleOrDefaultAsync(a => a.Id == link.AccountId);
        var mayUse = link.Purpose switch
        {
            LinkPurpose.ConfirmAddress => account is { EmailConfirmed: false, DeletedAt: null },
            // Somebody who is no longer an administrator may have kept links
            LinkPurpose.Invitation => await db.Administrators().AnyAsync(a => a.Id == link.AccountId),
            _ => account is { ApprovedAt: not null },
        };
        return mayUse && (link.Stamp is null || link.Stamp == account!.SecurityStamp)
            ? new OpenedLink(LinkState.Valid, link, account)
            : new OpenedLink(LinkState.Overtaken);
    }

    private static string PathOf(LinkPurpose purpose) => purpose switch
    {
        LinkPurpose.ResetPassword => "reset_password",
        LinkPurpose.ConfirmAddress or LinkPurpose.ChangeAddress => "confirm_address",
        LinkPurpose.UndoAddress => "undo_address",
        LinkPurpose.Invitation => "invitation",
        _ => throw new ArgumentOutOfRangeException(nameof(purpose)),
    };

    private IDataProtector Protector(LinkPurpose purpose) => protection.CreateProtector($"SentinelCam.{purpose}.v1");

    private string[]? Read(LinkPurpose purpose, string? token)
    {
        try
        {
            return token is { Length: > 0 and < 1000 } ? Protector(purpose).Unprotect(token).Split(' ') : null;
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
