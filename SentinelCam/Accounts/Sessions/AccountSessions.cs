using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Opens, finds, lists and ends sessions. Whether a session is alive is decided here, for every page.</summary>
public sealed class AccountSessions(
    SentinelCamDbContext db, SessionCache cache, PendingSessions pending, SessionLimits limits, ActivityLog activity,
    TimeProvider time, ILogger<AccountSessions> logger)
{
    /// <summary>The most sessions of an account; another one ends the oldest.</summary>
    public const int MaxPerAccount = 50;

    /// <summary>Opens a session for somebody who has just proved who they are.</summary>
    /// <param name="accountId">Who signs in.</param>
    /// <param name="securityStamp">The account's security stamp.</param>
    /// <param name="visitor">From where.</param>
    /// <param name="alertId">The alert that told the owner about the browser, see <see cref="EndToldAsync"/>.</param>
    /// <param name="method">How they proved it; null if they were signed in already, or have just registered.</param>
    /// <param name="replaced">The session of the same account that it replaces, if any.</param>
    /// <returns>The key for the cookie.</returns>
    public async Task<string> OpenAsync(
        long accountId, string securityStamp, Visitor visitor, long? alertId, string? method = null,
        LiveSession? replaced = null)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        var key = RandomKey.New();
        var now = time.GetUtcNow();
        var session = new Session
        {
            KeyHash = RandomKey.HashOf(key),
            AccountId = accountId,
            SecurityStamp = securityStamp,
            UserAgent = visitor.UserAgent,
            RemoteAddress = visitor.RemoteAddress,
            OpenedAt = now,
            LastSeenAt = now,
            ProvedAt = now,
            AlertId = alertId,
            SecondFactor = method ?? replaced?.Method,
        };
        try
        {
            db.Sessions.Add(session);
            if (method is not null)
                activity.Add(accountId, ActivityKind.SignedIn, method, ActivityActor.Owner);
            await db.SaveChangesAsync();
            await OpenOf(accountId).OrderByDescending(s => s.Id).Skip(MaxPerAccount)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now));
        }
        catch (Exception error) when (error is DbException or DbUpdateException)
        {
            logger.LogWarning("A session could not be written and is only in memory: {Problem}",
                (error.InnerException ?? error).Message);
            db.ChangeTracker.Clear();
            pending.Open(session);
        }

        return key;
    }

    /// <summary>Finds the session of a cookie.</summary>
    /// <param name="key">The key in the cookie.</param>
    /// <returns>Null if it has ended.</returns>
    public Task<LiveSession?> FindAsync(string key) => FindByHashAsync(RandomKey.HashOf(key));

    /// <summary>Whether a session that was found earlier has not ended meanwhile, and still has the same rights.</summary>
    public async Task<bool> IsAliveAsync(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return await FindByHashAsync(session.KeyHash) is { } now && now.IsAdministrator == session.IsAdministrator;
    }

    /// <summary>The sessions of an account that have not ended, the one that was seen last first.</summary>
    public async Task<IReadOnlyList<Session>> ListAsync(long accountId)
    {
        var stamp = db.Users.Where(a => a.Id == accountId).Select(a => a.SecurityStamp);
        var open = await OpenOf(accountId).Where(s => stamp.Contains(s.SecurityStamp)).AsNoTracking().ToListAsync();
        foreach (var session in open)
            session.LastSeenAt = pending.LastSeen(session.KeyHash, session.LastSeenAt);
        return [.. open.Where(s => !pending.HasEnded(s.KeyHash) && IsWithinLimits(s.OpenedAt, s.KeyHash, s.LastSeenAt))
            .OrderByDescending(s => s.LastSeenAt).ThenByDescending(s => s.Id)];
    }

    /// <summary>Ends a session for good, even if the database cannot be written.</summary>
    /// <param name="session">Which one.</param>
    /// <param name="isSignOut">Whether its owner signs out, and not in again.</param>
    public async Task EndAsync(LiveSession session, bool isSignOut)
    {
        ArgumentNullException.ThrowIfNull(session);
        pending.End(session.KeyHash);
        try
        {
            await EndAllAsync(session.AccountId, OpenOf(session.AccountId).Where(s => s.KeyHash == session.KeyHash),
                isSignOut ? ActivityKind.SignedOut : null);
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            db.ChangeTracker.Clear();
            logger.LogWarning("The end of a session could not be written, and is tried again: {Problem}",
                (error.InnerException ?? error).Message);
        }
    }

    /// <summary>Ends one session of an account.</summary>
    /// <returns>False if the account has no such session.</returns>
    public async Task<bool> EndAsync(long accountId, long id) =>
        await EndAllAsync(accountId, OpenOf(accountId).Where(s => s.Id == id), ActivityKind.SessionEnded) == 1;

    /// <summary>Ends all sessions of an account except one.</summary>
    public Task EndOthersAsync(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        pending.EndOthers(session);
        return EndAllAsync(session.AccountId, OpenOf(session.AccountId).Where(s => s.KeyHash != session.KeyHash),
            ActivityKind.OtherSessionsEnded);
    }

    /// <summary>Ends the sessions of the browsers that an alert told about, which its owner has disowned.</summary>
    /// <param name="accountId">The owner.</param>
    /// <param name="alertId">The alert.</param>
    /// <param name="by">Who disowns them: the owner, or a visitor with the link of a mail.</param>
    public Task EndToldAsync(long accountId, long alertId, ActivityActor by)
    {
        pending.EndTold(accountId, alertId);
        return EndAllAsync(accountId, OpenOf(accountId).Where(s => s.AlertId == alertId), ActivityKind.SessionEnded, by);
    }

    /// <summary>Notes that the password was entered again.</summary>
    public async Task ProveAsync(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var now = time.GetUtcNow();
        try
        {
            await OpenOf(session.AccountId).Where(s => s.KeyHash == session.KeyHash)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.ProvedAt, now));
        }
        catch (DbException error)
        {
            // The next change asks again
            logger.LogWarning("It could not be written that a password was entered: {Problem}", error.Message);
        }
    }

    private IQueryable<Session> OpenOf(long accountId) =>
        db.Sessions.Where(s => s.AccountId == accountId && s.EndedAt == null);

    private async Task<int> EndAllAsync(
        long accountId, IQueryable<Session> sessions, ActivityKind? kind, ActivityActor by = ActivityActor.Owner)
    {
        var now = time.GetUtcNow();
        // The answer to a mail has one of its own
        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync() : null;
        var browsers = await sessions.Select(s => s.UserAgent).Take(2).ToListAsync();
        var ended = await sessions.ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now));
        if (ended > 0 && kind is { } what)
        {
            activity.Add(accountId, what, kind is ActivityKind.SessionEnded ? BrowserWords.Of(browsers[0]) : null, by);
            await db.SaveChangesAsync();
        }

        if (transaction is not null)
            await transaction.CommitAsync();
        return ended;
    }

    private async Task<LiveSession?> FindByHashAsync(string keyHash)
    {
        var session = await cache.GetAsync(keyHash, () => ReadAsync(keyHash));
        return session is not null && !pending.HasEnded(keyHash) && IsWithinLimits(session.OpenedAt, keyHash, session.LastSeenAt)
            ? session
            : null;
    }

    private async Task<LiveSession?> ReadAsync(string keyHash)
    {
        var accounts = db.Users.Where(a => a.ApprovedAt != null);
        var lacking = db.LackingSecondFactor();
        if (pending.Opened(keyHash) is { } opened)
        {
            var isAdministrator = await accounts
                .Where(a => a.Id == opened.AccountId && a.SecurityStamp == opened.SecurityStamp)
                .Select(a => (bool?)db.UserRoles.Any(held => held.UserId == a.Id)).SingleOrDefaultAsync();
            if (isAdministrator is null)
                return null;
            return new LiveSession(opened.Id, keyHash, opened.AccountId, opened.OpenedAt, opened.LastSeenAt, opened.ProvedAt,
                isAdministrator.Value, opened.AlertId)
            {
                Method = opened.SecondFactor,
                LacksSecondFactor = await lacking.AnyAsync(a => a.Id == opened.AccountId),
            };
        }

        var sessions =
            from session in db.Sessions
            where session.KeyHash == keyHash && session.EndedAt == null
            join account in accounts on session.AccountId equals account.Id
            where account.SecurityStamp == session.SecurityStamp
            select new LiveSession(session.Id, keyHash, session.AccountId, session.OpenedAt, session.LastSeenAt,
                session.ProvedAt, db.UserRoles.Any(held => held.UserId == account.Id), session.AlertId)
            {
                Method = session.SecondFactor,
                LacksSecondFactor = lacking.Any(a => a.Id == account.Id),
            };
        return await sessions.SingleOrDefaultAsync();
    }

    private bool IsWithinLimits(DateTimeOffset openedAt, string keyHash, DateTimeOffset written)
    {
        var now = time.GetUtcNow();
        // A session from the time when the clock was far ahead must not last until then
        return (now - openedAt).Duration() < limits.Absolute
            && (now - pending.LastSeen(keyHash, written)).Duration() < limits.Idle;
    }
}
