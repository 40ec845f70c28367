using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Bounds the rows that strangers can add. Beyond the bounds, attempts with neither a picture nor a mail of their own share rows,
/// which count them: all totals stay true.
/// </summary>
public sealed class FloodBounds(SentinelCamDbContext db)
{
    /// <summary>How many attempts of no account are stored one by one within an hour.</summary>
    public const int MaxOwnerlessPerHour = 1_000;

    /// <summary>How many of those can come from one network, so that others have some left.</summary>
    public const int MaxOwnerlessPerAlert = 800;

    /// <summary>The number of attempts in an alert after which those whose password was not checked are only counted.</summary>
    public const int MaxUncheckedPerAlert = 1_000;

    /// <summary>How many addresses of an alert are counted one by one.</summary>
    public const int MaxAddresses = 10;

    /// <summary>Why an attempt that is only counted has no picture.</summary>
    public const string NotPhotographed =
        "No picture: after many attempts in an hour, further ones are only counted. This entry stands for all of them.";

    /// <summary>
    /// The least quiet period of an alert that an unchecked attempt opens: these come by the thousand, and would otherwise be
    /// mailed one by one where the quiet period is zero.
    /// </summary>
    public static readonly TimeSpan LeastQuiet = TimeSpan.FromMinutes(1);

    /// <summary>Whether an attempt is only counted.</summary>
    /// <param name="joined">Its place in its alert.</param>
    /// <param name="refusal">Why it was refused.</param>
    /// <param name="now">The time by which attempts are counted.</param>
    public async Task<bool> IsOnlyCountedAsync(JoinedAlert joined, LoginOutcome refusal, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(joined);
        if (joined.IsPhotographed || joined.ToldBy is ToldBy.OwnMail)
            return false;
        var alert = joined.Alert;
        if (refusal is LoginOutcome.NotChecked && alert.Attempts > MaxUncheckedPerAlert)
            return true;
        return alert.OwnerId is null
            && ((alert.RemoteNetwork != Alert.ManyNetworks && alert.Attempts > MaxOwnerlessPerAlert)
                || await IsOwnerlessLimitReachedAsync(now));
    }

    /// <summary>
    /// Counts an attempt in the row that counts others like it. Without such a row, prepares the attempt to become one.
    /// </summary>
    /// <returns>The changed row's entry; null if the caller has to add the attempt with an entry.</returns>
    public async Task<ImageLogEntry?> CountAsync(LoginAttempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        // Days are counted too
        var day = new DateTimeOffset(attempt.At.UtcDateTime.Date, TimeSpan.Zero);
        var counts = await db.LoginAttempts.AsNoTracking()
            .Where(a => a.AlertId == attempt.AlertId && a.Outcome == attempt.Outcome && a.LastAt != null && a.At >= day)
            .Select(a => new { a.Id, a.RemoteAddress }).ToListAsync();
        var own = counts.Find(c => c.RemoteAddress == attempt.RemoteAddress)
            ?? (counts.Count < MaxAddresses ? null : counts.Find(c => c.RemoteAddress == LoginAttempt.SeveralAddresses));
        // Null as well if the entry was deleted: the next one is visible again
        var entry = own is null ? null : await db.ImageLog.Include(e => e.LoginAttempt)
            .FirstOrDefaultAsync(e => e.LoginAttemptId == own.Id);
        if (entry?.LoginAttempt is not { } counting)
        {
            (attempt.UserAgent, attempt.LastAt) = ("", attempt.At);
            if (counts.Count >= MaxAddresses)
                attempt.RemoteAddress = LoginAttempt.SeveralAddresses;
            return null;
        }

        // The key of the last one is enough: a source repeats only what it handed over last
        (counting.Count, counting.LastAt, counting.SourceKey) = (counting.Count + 1, attempt.At, attempt.SourceKey);
        if (counting.AccountTyped != attempt.AccountTyped)
            counting.AccountTyped = LoginAttempt.SeveralAccounts;
        if (counting.Service != attempt.Service)
            counting.Service = null;
        if (counting.Device != attempt.Device)
            counting.Device = LoginAttempt.SeveralDevices;
        return entry;
    }

    private async Task<bool> IsOwnerlessLimitReachedAsync(DateTimeOffset now)
    {
        var since = now - TimeSpan.FromHours(1);
        // Not those from the time when the clock was ahead
        return await db.ImageLog.Where(e => e.OwnerId == null && e.At > since && e.At <= now)
            .Take(MaxOwnerlessPerHour).CountAsync() == MaxOwnerlessPerHour;
    }
}
