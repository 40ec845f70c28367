using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Decides whether a submission of credentials signs in and, where it does not, makes it durable: attempt, alert and
/// image log entry in one transaction, before the response leaves.
/// </summary>
public sealed class LoginAttemptRecorder(SentinelCamDbContext db, AlertOptions alerts, TimeProvider time, ILogger<LoginAttemptRecorder> logger)
{
    public const int MaxFailures = 5;
    public static readonly TimeSpan LockoutTime = TimeSpan.FromMinutes(5);

    /// <returns>What was recorded, for the capture job; null where the credentials are accepted.</returns>
    /// <remarks>
    /// Takes no cancellation: a visitor who hangs up is recorded all the same. Known, unknown, locked and unapproved accounts
    /// take the same path to one commit, beside which the hash takes nearly all of the time.
    /// </remarks>
    public async Task<RecordedAttempt?> RecordUnlessAcceptedAsync(Account? account, bool passwordIsRight, string typed, Visitor visitor)
    {
        // BEGIN IMMEDIATE: parallel guesses are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        var now = time.GetUtcNow();
        var (outcome, isApproved) = await CountAsync(account?.Id ?? 0, passwordIsRight, now);
        if (outcome is null)
        {
            await transaction.CommitAsync();
            return null;
        }

        // Whoever registers is not yet trusted: their failed sign-ins must not bring them pictures
        var ownerId = isApproved ? account?.Id : null;
        var (alert, opens) = await OpenOrJoinAsync(ownerId, visitor.RemoteAddress, now);
        var attempt = new LoginAttempt
        {
            At = now,
            AccountTyped = account?.Email ?? TypedAccount.ForRecord(typed),
            OwnerId = ownerId,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            Outcome = outcome.Value,
            AlertId = alert.Id,
        };
        var entry = new ImageLogEntry
        {
            OwnerId = ownerId,
            Trigger = CaptureTrigger.FailedLogin,
            At = now,
            LoginAttempt = attempt,
            Outcome = attempt.Outcome,
            AlertId = alert.Id,
            OpensAlert = opens,
            CaptureDueAt = now,
        };
        db.Add(entry);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Attempt {AttemptId}: {Outcome} for {Account} from {RemoteAddress}, entry {EntryId}, alert {AlertId}",
            attempt.Id, attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress, entry.Id, alert.Id);
        return new RecordedAttempt(entry.Id, opens);
    }

    /// <returns>Why the submission fails, null where it is accepted; and whether the account has been let in.</returns>
    private async Task<(LoginOutcome? Outcome, bool IsApproved)> CountAsync(long accountId, bool passwordIsRight, DateTimeOffset now)
    {
        var account = db.Users.Where(a => a.Id == accountId);
        var standing = await account.Select(a => new { a.LockoutEnd, a.AccessFailedCount, a.ApprovedAt }).SingleOrDefaultAsync();
        if (standing is null)
            return (LoginOutcome.UnknownAccount, false);
        var isApproved = standing.ApprovedAt is not null;
        if (standing.LockoutEnd > now)
            return (LoginOutcome.LockedOut, isApproved);
        if (!passwordIsRight)
        {
            var failures = standing.AccessFailedCount + 1;
            if (failures < MaxFailures)
                await account.ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, failures));
            else
                await account.ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.AccessFailedCount, 0)
                    .SetProperty(a => a.LockoutEnd, now + LockoutTime));
            return (LoginOutcome.WrongPassword, isApproved);
        }

        if (!isApproved)
            return (LoginOutcome.NotApproved, false);
        // Writes nothing where there is nothing to forget: on a full disk the owner can still sign in, and make room
        await account.Where(a => a.AccessFailedCount != 0).ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0));
        return (null, true);
    }

    private async Task<(Alert Alert, bool Opens)> OpenOrJoinAsync(long? ownerId, string remoteAddress, DateTimeOffset now)
    {
        var alert = await db.Alerts
            .Where(a => a.ClosedAt == null && a.OwnerId == ownerId && (ownerId != null || a.RemoteAddress == remoteAddress) && a.ClosesAt > now)
            .OrderByDescending(a => a.ClosesAt)
            .FirstOrDefaultAsync();
        var opens = alert is null;
        alert ??= db.Add(new Alert { OwnerId = ownerId, RemoteAddress = remoteAddress, OpenedAt = now }).Entity;
        alert.ClosesAt = Earlier(now + alerts.QuietPeriod, alert.OpenedAt + alerts.LongestBurst);
        await db.SaveChangesAsync();
        return (alert, opens);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}

/// <summary>An attempt that has become durable.</summary>
/// <param name="EntryId">Its image log entry, whose picture is to be taken.</param>
/// <param name="OpensAlert">The mail about it goes out at once.</param>
public readonly record struct RecordedAttempt(long EntryId, bool OpensAlert);
