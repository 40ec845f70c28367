using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Removes sessions that ended, or were seen for the last time, long ago.</summary>
public sealed class SessionRetention(SentinelCamDbContext db, SessionLimits limits, TimeProvider time)
{
    /// <summary>How long the row of a session stays after its end.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(30);

    public Task RemoveOldAsync(CancellationToken cancellationToken = default)
    {
        var before = time.GetUtcNow() - MaxAge;
        var (seenBefore, openedBefore) = (before - limits.Idle, before - limits.Absolute);
        return db.Sessions.Where(s => s.EndedAt < before || s.LastSeenAt < seenBefore || s.OpenedAt < openedBefore)
            .ExecuteDeleteAsync(cancellationToken);
    }
}
