using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Records each sign-in from a browser that is new to its account, so that its owner is told. Every way of signing in ends here,
/// before its session opens.
/// </summary>
public sealed class NewBrowserSignIns(
    SentinelCamDbContext db, KnownBrowsers browsers, LoginAttemptRecorder recorder, RecordingTurns turns, TimeProvider time)
{
    /// <summary>Records a sign-in if its browser is new, unless the check of the password has done so in this request.</summary>
    /// <param name="accountId">Who signs in.</param>
    /// <param name="browserKey">The key of the browser for that account, see <see cref="KnownBrowsers"/>.</param>
    /// <param name="session">The session that this browser has until now; null if there is none.</param>
    /// <param name="visitor">From where.</param>
    /// <returns>The alert that tells about it, or has told about the session before; null if the browser is not new.</returns>
    /// <exception cref="DbUpdateException">It could not be recorded, and nobody may get in.</exception>
    public async Task<long?> AlertForAsync(long accountId, string? browserKey, LiveSession? session, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        if (recorder.Success is { IsNewBrowser: true, OwnerId: { } ownerId, AlertId: var alertId } && ownerId == accountId)
            return alertId;
        // After a new password, all browsers are new but the one in which it was changed. Its session goes on with its alert:
        // otherwise it would get rid of that by changing the password without its cookie
        if (session?.AccountId == accountId)
            return session.AlertId;
        if (!await browsers.IsNewAsync(accountId, await browsers.FindAsync(accountId, browserKey)))
            return null;
        var now = time.GetUtcNow();
        using var turn = await turns.WaitAsync(VisitorLine.OfStranger(visitor));
        await using var transaction = await db.Database.BeginTransactionAsync();
        var attempt = new LoginAttempt
        {
            At = now,
            Origin = AttemptOrigin.WebPage,
            AccountTyped = TypedAccount.Kept((await db.Users.Where(a => a.Id == accountId).Select(a => a.Email).SingleAsync())!),
            OwnerId = accountId,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            IsNewBrowser = true,
        };
        await recorder.AddSuccessAsync(attempt, now);
        await transaction.CommitAsync();
        return attempt.AlertId;
    }
}
