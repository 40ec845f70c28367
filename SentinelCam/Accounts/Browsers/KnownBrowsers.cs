using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>
/// Recognizes browsers in which an account has signed in, by a cookie for each account (OWASP: device cookies). They neither wait
/// behind strangers nor are they locked out by them.
/// </summary>
public sealed class KnownBrowsers(
    SentinelCamDbContext db, ActivityLog activity, TimeProvider time, ILogger<KnownBrowsers> logger)
{
    /// <summary>The most browsers that are known for an account; another one makes the oldest a stranger.</summary>
    public const int MaxPerAccount = 20;

    /// <summary>How long a browser is known after its last sign-in.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>How long the password is enough in a browser that is trusted.</summary>
    public static readonly TimeSpan TrustLifetime = TimeSpan.FromDays(30);

    /// <summary>
    /// Finds the browser of a cookie. Asks the database in any case, so that the time says nothing about the account.
    /// </summary>
    /// <param name="accountId">The account to sign in to; 0 if there is none.</param>
    /// <param name="key">The key in that account's cookie; null if there is no cookie.</param>
    /// <returns>The id of its row; null for a stranger.</returns>
    public Task<long?> FindAsync(long accountId, string? key)
    {
        var keyHash = RandomKey.HashOf(key ?? "");
        var since = time.GetUtcNow() - Lifetime;
        return db.KnownBrowsers
            .Where(b => b.KeyHash == keyHash && b.AccountId == accountId && b.LastAt > since
                && db.Users.Any(a => a.Id == accountId && a.SecurityStamp == b.SecurityStamp))
            .Select(b => (long?)b.Id).SingleOrDefaultAsync();
    }

    /// <summary>
    /// Whether a browser is new to an account that has signed in before. Nobody needs to be told about an account's first one.
    /// </summary>
    /// <param name="accountId">The account that signs in.</param>
    /// <param name="browserId">The browser as <see cref="FindAsync"/> found it.</param>
    public async Task<bool> IsNewAsync(long accountId, long? browserId) =>
        browserId is null && await db.KnownBrowsers.AnyAsync(b => b.AccountId == accountId);

    /// <summary>Makes the browsers strangers again that an alert told about. The rows stay: the account has signed in.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> ForgetAsync(long accountId, long alertId) =>
        Told(accountId, alertId).ExecuteUpdateAsync(set => set.SetProperty(b => b.SecurityStamp, ""));

    /// <summary>Whether a browser that an alert told about is known.</summary>
    public Task<bool> IsAnyKnownAsync(long accountId, long alertId) => Told(accountId, alertId).AnyAsync();

    /// <summary>Gives a browser that signs in a new key, so that a copy of the old one is worth nothing.</summary>
    /// <param name="accountId">Who signs in.</param>
    /// <param name="securityStamp">The account's security stamp.</param>
    /// <param name="oldKey">The key in its cookie, if it has one.</param>
    /// <param name="alertId">The alert about this sign-in; null if the browser is not new.</param>
    /// <param name="isTrusted">Whether to ask this browser for no second factor for some time.</param>
    /// <returns>
    /// The key for the cookie, and the alert that told about the browser, now or earlier. Null if the database cannot be written:
    /// the sign-in is valid, and so is the old key.
    /// </returns>
    public async Task<(string Key, long? AlertId)?> RenewAsync(
        long accountId, string securityStamp, string? oldKey, long? alertId, bool isTrusted = false)
    {
        var (key, oldHash, now) = (RandomKey.New(), RandomKey.HashOf(oldKey ?? ""), time.GetUtcNow());
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            // The row stays, because a form that was sent twice may be counted in it right now
            var browser = await db.KnownBrowsers.SingleOrDefaultAsync(b => b.AccountId == accountId && b.KeyHash == oldHash)
                ?? db.KnownBrowsers.Add(new KnownBrowser { KeyHash = "", AccountId = accountId, SecurityStamp = "" }).Entity;
            // After a new password or another second factor, nothing that was trusted before is
            browser.TrustedUntil = isTrusted ? now + TrustLifetime
                : browser.SecurityStamp == securityStamp ? browser.TrustedUntil : null;
            (browser.KeyHash, browser.SecurityStamp, browser.LastAt) = (RandomKey.HashOf(key), securityStamp, now);
            (browser.AccessFailedCount, browser.LockoutEnd) = (0, null);
            (browser.WrongCodes, browser.CodesLockedUntil) = (0, null);
            browser.AlertId = alertId ?? browser.AlertId;
            if (isTrusted)
                activity.Add(accountId, ActivityKind.BrowserTrusted, by: ActivityActor.Owner);
            await db.SaveChangesAsync();
            await db.KnownBrowsers.Where(b => b.AccountId == accountId)
                .OrderByDescending(b => b.LastAt).ThenByDescending(b => b.Id)
                .Skip(MaxPerAccount).ExecuteDeleteAsync();
            await transaction.CommitAsync();
            return (key, browser.AlertId);
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            db.ChangeTracker.Clear();
            logger.LogWarning("A browser could not be remembered: {Problem}", (error.InnerException ?? error).Message);
            return null;
        }
    }

    /// <summary>How many browsers are trusted.</summary>
    public Task<int> CountTrustedAsync(long accountId) => Trusted(accountId).CountAsync();

    /// <summary>Asks every browser for the second factor again.</summary>
    public Task<int> DistrustAsync(long accountId) => Trusted(accountId)
        .ExecuteUpdateAsync(set => set.SetProperty(b => b.TrustedUntil, (DateTimeOffset?)null));

    private IQueryable<KnownBrowser> Trusted(long accountId)
    {
        var now = time.GetUtcNow();
        return db.KnownBrowsers.Where(b => b.AccountId == accountId && b.TrustedUntil > now
            && db.Users.Any(a => a.Id == accountId && a.SecurityStamp == b.SecurityStamp));
    }

    private IQueryable<KnownBrowser> Told(long accountId, long alertId) =>
        db.KnownBrowsers.Where(b => b.AccountId == accountId && b.AlertId == alertId && b.SecurityStamp != "");
}
