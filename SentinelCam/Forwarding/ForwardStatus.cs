using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Forwarding;

/// <summary>How far a device has got with its reports.</summary>
public sealed class ForwardStatus(SentinelCamDbContext db, ForwardClient client, TimeProvider time)
{
    /// <summary>How long a report may be refused before administrators are told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>The central side's host; null if this SentinelCam reports to nobody.</summary>
    public string? Host => client.Host;

    /// <summary>Whether the central side does not accept the token.</summary>
    public async Task<bool> IsTokenRefusedAsync() => Host is not null && await Open.AnyAsync(f => f.IsTokenRefused);

    /// <summary>What was last answered to the report that has been refused longest; null if none has for an hour.</summary>
    public async Task<string?> RefusalAsync()
    {
        var before = time.GetUtcNow() - Patience;
        return Host is null ? null : await Open.Where(f => f.RefusedSince <= before)
            .OrderBy(f => f.RefusedSince).Select(f => f.LastReply).FirstOrDefaultAsync();
    }

    /// <summary>How many entries wait to be reported.</summary>
    public Task<int> CountWaitingAsync() => Open.CountAsync();

    /// <summary>When the last report was accepted; null if none was.</summary>
    public Task<DateTimeOffset?> LastAcceptedAsync() => db.Forwards.MaxAsync(f => f.AcceptedAt);

    /// <summary>Why one that waits was not accepted; null if none waits, or none was tried.</summary>
    public Task<string?> LastReplyAsync() => Open.Where(f => f.LastReply != null)
        .OrderByDescending(f => f.EntryId).Select(f => f.LastReply).FirstOrDefaultAsync();

    /// <summary>What is not done. Two states that are named, so that an index finds them among many that are.</summary>
    private IQueryable<Forward> Open =>
        db.Forwards.Where(f => f.State == ForwardState.Waiting || f.State == ForwardState.Sending);
}
