using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>
/// What the database does not say about sessions yet: when they were last seen, and what a full disk has not taken. It is written
/// once a minute, so that a request writes nothing. Sessions are named by the hash of their key.
/// </summary>
public sealed class PendingSessions(TimeProvider time)
{
    /// <summary>The time between two writes, and the precision of <see cref="Session.LastSeenAt"/>.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Session> _opened = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    /// <summary>Keeps a session whose row could not be written: the owner of a full disk must be able to free space.</summary>
    public void Open(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _opened[session.KeyHash] = session;
    }

    /// <summary>The session, if its row is not written yet.</summary>
    public Session? Opened(string keyHash) => _opened.GetValueOrDefault(keyHash);

    /// <summary>Notes a request that a person made.</summary>
    public void See(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var now = time.GetUtcNow();
        if ((now - LastSeen(session.KeyHash, session.LastSeenAt)).Duration() >= Period)
            _seen[session.KeyHash] = now;
    }

    /// <param name="keyHash">Which session.</param>
    /// <param name="written">What its row says.</param>
    public DateTimeOffset LastSeen(string keyHash, DateTimeOffset written) => _seen.GetValueOrDefault(keyHash, written);

    /// <summary>Ends a session before its row says so.</summary>
    public void End(string keyHash)
    {
        _ended[keyHash] = time.GetUtcNow();
        _opened.TryRemove(keyHash, out _);
    }

    /// <summary>Ends the account's other sessions that are not written yet.</summary>
    public void EndOthers(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        foreach (var other in _opened.Values.Where(s => s.AccountId == session.AccountId && s.KeyHash != session.KeyHash))
            End(other.KeyHash);
    }

    /// <summary>Ends the account's sessions that are not written yet and belong to an alert.</summary>
    public void EndTold(long accountId, long alertId)
    {
        foreach (var told in _opened.Values.Where(s => s.AccountId == accountId && s.AlertId == alertId))
            End(told.KeyHash);
    }

    public bool HasEnded(string keyHash) => _ended.ContainsKey(keyHash);

    /// <summary>Writes everything. What cannot be written stays.</summary>
    /// <exception cref="DbException">The database cannot be written.</exception>
    /// <exception cref="DbUpdateException">The same.</exception>
    public async Task WriteAsync(SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        // One that is ended meanwhile is found by the loop over the ended ones
        foreach (var (keyHash, session) in _opened)
        {
            // One of an account that was deleted meanwhile would keep all others from being written
            if (await db.Users.AnyAsync(a => a.Id == session.AccountId))
            {
                db.Sessions.Add(session);
                await db.SaveChangesAsync();
            }

            _opened.TryRemove(keyHash, out _);
        }

        foreach (var seen in _seen)
        {
            await db.Sessions.Where(s => s.KeyHash == seen.Key)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, seen.Value));
            _seen.TryRemove(seen);
        }

        foreach (var ended in _ended)
        {
            await db.Sessions.Where(s => s.KeyHash == ended.Key && s.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, ended.Value));
            _ended.TryRemove(ended);
        }
    }
}
