using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Decides whether a submission of credentials signs in and, where it does not, makes it durable: attempt, alert and
/// image log entry in one transaction, before the response leaves.
/// </summary>
public sealed class LoginAttemptRecorder(
    SentinelCamDbContext db, AlertGrouping grouping, DeliveryPlan deliveries, TimeProvider time, ILogger<LoginAttemptRecorder> logger)
{
    public const int MaxFailures = 5;
    public static readonly TimeSpan LockoutTime = TimeSpan.FromMinutes(5);

    /// <remarks>
    /// Takes no cancellation: a visitor who hangs up is recorded all the same. Known, unknown, locked and unapproved accounts
    /// take the same path to one commit, beside which the hash takes nearly all of the time.
    /// </remarks>
    /// <param name="account">Whose password was tried; null where there is no such account.</param>
    /// <param name="passwordIsRight">It is the account's.</param>
    /// <param name="typed">What was typed as the account.</param>
    /// <param name="visitor">Who typed it.</param>
    /// <param name="at">When the form arrived: under parallel guesses the hash can wait for a core for seconds, and the picture is to show that moment.</param>
    /// <exception cref="DbUpdateException">The database cannot be written; nothing was recorded, and nobody may be signed in.</exception>
    public async Task<Submission> RecordAsync(Account? account, bool passwordIsRight, string typed, Visitor visitor, DateTimeOffset at)
    {
        // BEGIN IMMEDIATE: parallel guesses are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Locks and bursts go by the order in which attempts are counted
        var now = time.GetUtcNow();
        var (outcome, wishes) = await CountAsync(account?.Id ?? 0, passwordIsRight, now);
        var recorded = outcome is null
            ? await AddSuccessAsync(account!, visitor, at, now)
            : await AddFailureAsync(account, outcome.Value, wishes, typed, visitor, at, now);
        try
        {
            await transaction.CommitAsync();
        }
        catch (InvalidOperationException rolledBack)
        {
            // SQLite rolls back by itself where the disk is full at the end of a statement; its provider notices only here
            throw new DbUpdateException("The database has taken the attempt back.", rolledBack);
        }

        return new Submission(outcome is null, recorded);
    }

    /// <returns>Why the submission fails, null where it is accepted; and what the owner wishes, null where nobody has been let in.</returns>
    private async Task<(LoginOutcome? Outcome, AlertWishes? Wishes)> CountAsync(long accountId, bool passwordIsRight, DateTimeOffset now)
    {
        var account = db.Users.Where(a => a.Id == accountId);
        var standing = await account
            .Select(a => new { a.LockoutEnd, a.AccessFailedCount, a.ApprovedAt, a.AlertFrom, a.QuietMinutes, a.PausedUntil }).SingleOrDefaultAsync();
        if (standing is null)
            return (LoginOutcome.UnknownAccount, null);
        // Whoever registers is not yet trusted: their failed sign-ins must not bring them pictures
        var wishes = standing.ApprovedAt is null ? null : new AlertWishes(standing.AlertFrom, standing.QuietMinutes, standing.PausedUntil);
        // A lock that lasts longer was set by a clock that was ahead
        if (standing.LockoutEnd > now && standing.LockoutEnd <= now + LockoutTime)
            return (LoginOutcome.LockedOut, wishes);
        if (!passwordIsRight)
        {
            var failures = standing.AccessFailedCount + 1;
            if (failures < MaxFailures)
                await account.ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, failures));
            else
                await account.ExecuteUpdateAsync(set => set
                    .SetProperty(a => a.AccessFailedCount, 0)
                    .SetProperty(a => a.LockoutEnd, now + LockoutTime));
            return (LoginOutcome.WrongPassword, wishes);
        }

        if (wishes is null)
            return (LoginOutcome.NotApproved, null);
        // Writes nothing where there is nothing to forget: on a full disk the owner can still sign in, and make room
        await account.Where(a => a.AccessFailedCount != 0).ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0));
        return (null, wishes);
    }

    private async Task<RecordedAttempt> AddFailureAsync(
        Account? account, LoginOutcome outcome, AlertWishes? wishes, string typed, Visitor visitor, DateTimeOffset at, DateTimeOffset now)
    {
        var ownerId = wishes is null ? null : account?.Id;
        var (alert, share) = await grouping.JoinAsync(ownerId, wishes ?? AlertWishes.Default, visitor.RemoteAddress, now);
        var entry = Entry(ownerId, CaptureTrigger.FailedLogin, alert, now, new LoginAttempt
        {
            At = at,
            AccountTyped = account?.Email ?? TypedAccount.ForRecord(typed),
            OwnerId = ownerId,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            Outcome = outcome,
            AlertId = alert.Id,
            NumberInAlert = alert.Attempts,
        });
        entry.OpensAlert = share.IsMailed;
        if (!share.IsCaptured)
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, AlertGrouping.NotCaptured);
        await db.SaveChangesAsync();
        return Recorded(entry, share.IsCaptured);
    }

    /// <returns>Null for a sign-in like any other.</returns>
    private async Task<RecordedAttempt?> AddSuccessAsync(Account account, Visitor visitor, DateTimeOffset at, DateTimeOffset now)
    {
        if (await grouping.AlertBeforeSuccessAsync(account.Id, now) is not { } alert)
            return null;
        var entry = Entry(account.Id, CaptureTrigger.SuccessAfterFailures, alert, now, new LoginAttempt
        {
            At = at,
            AccountTyped = account.Email!,
            OwnerId = account.Id,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            Outcome = LoginOutcome.SucceededAfterFailures,
            AlertId = alert.Id,
            NumberInAlert = alert.Attempts,
        });
        // Whoever has the password could else send mail after mail
        if (await grouping.AreEnoughSuccessesToldAsync(account.Id, now))
        {
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, AlertGrouping.NotTold);
            await db.SaveChangesAsync();
            return Recorded(entry, isCaptured: false);
        }

        await db.SaveChangesAsync();
        // Before the picture: whoever is signed in now could delete the entry, but not the mail
        await deliveries.AddSuccessAsync(entry);
        await db.SaveChangesAsync();
        return Recorded(entry, isCaptured: true);
    }

    private ImageLogEntry Entry(long? ownerId, CaptureTrigger trigger, Alert alert, DateTimeOffset now, LoginAttempt attempt) => db.Add(new ImageLogEntry
    {
        OwnerId = ownerId,
        Trigger = trigger,
        At = attempt.At,
        LoginAttempt = attempt,
        Outcome = attempt.Outcome,
        AlertId = alert.Id,
        CaptureDueAt = now,
    }).Entity;

    private RecordedAttempt Recorded(ImageLogEntry entry, bool isCaptured)
    {
        var attempt = entry.LoginAttempt!;
        logger.LogInformation("Attempt {AttemptId}: {Outcome} for {Account} from {RemoteAddress}, entry {EntryId}, alert {AlertId}",
            attempt.Id, attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress, entry.Id, attempt.AlertId);
        return new RecordedAttempt(entry.Id, entry.Trigger, entry.OpensAlert, isCaptured);
    }
}

/// <summary>What became of a submission of credentials.</summary>
/// <param name="IsAccepted">The visitor may be signed in.</param>
/// <param name="Recorded">What was recorded; null for an accepted one after which nobody asks.</param>
public readonly record struct Submission(bool IsAccepted, RecordedAttempt? Recorded);

/// <summary>An attempt that has become durable.</summary>
/// <param name="EntryId">Its image log entry.</param>
/// <param name="Trigger">Why its picture is taken.</param>
/// <param name="OpensAlert">The mail about it goes out at once.</param>
/// <param name="IsCaptured">Its picture is to be taken; else enough of its alert have one.</param>
public readonly record struct RecordedAttempt(long EntryId, CaptureTrigger Trigger, bool OpensAlert, bool IsCaptured);
