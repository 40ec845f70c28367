using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>Records an attempt with its alert and image log entry, within the caller's transaction.</summary>
public sealed class LoginAttemptRecorder(
    SentinelCamDbContext db, AlertGrouping grouping, FloodBounds bounds, DeliveryPlan deliveries,
    ILogger<LoginAttemptRecorder> logger)
{
    /// <summary>Records a refused submission.</summary>
    /// <param name="submission">The submission.</param>
    /// <param name="refusal">Why it was refused.</param>
    /// <param name="ownerId">Who is alerted; null: the administrators.</param>
    public async Task AddFailureAsync(Submission submission, LoginOutcome refusal, long? ownerId)
    {
        ArgumentNullException.ThrowIfNull(submission);
        var joined = await grouping.JoinAsync(ownerId, submission.Visitor.RemoteAddress, submission.CountedAt,
            refusal is LoginOutcome.NotChecked ? FloodBounds.LeastQuiet : TimeSpan.Zero);
        var isOnlyCounted = await bounds.IsOnlyCountedAsync(joined, refusal, submission.CountedAt);
        var count = isOnlyCounted ? await bounds.FindCountAsync(submission, joined.Alert, refusal) : default;
        if (count.Entry?.LoginAttempt is { } counted)
        {
            (counted.Count, counted.LastAt) = (counted.Count + 1, submission.At);
            if (counted.AccountTyped != AccountOf(submission))
                counted.AccountTyped = LoginAttempt.SeveralAccounts;
            await SaveAsync(count.Entry);
            return;
        }

        var entry = Add(submission, CaptureTrigger.FailedLogin, refusal, ownerId, joined.Alert, joined.ToldBy);
        if (isOnlyCounted)
        {
            var attempt = entry.LoginAttempt!;
            (attempt.RemoteAddress, attempt.UserAgent, attempt.LastAt) = (count.RemoteAddress, "", submission.At);
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, FloodBounds.NotPhotographed);
        }
        else if (!joined.IsPhotographed)
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, AlertGrouping.NotPhotographed);
        await SaveAsync(entry);
    }

    /// <summary>Records a successful submission if it follows three failures within an hour.</summary>
    /// <returns>False for any other successful sign-in, which is not recorded.</returns>
    public async Task<bool> AddSuccessAsync(Submission submission)
    {
        ArgumentNullException.ThrowIfNull(submission);
        var account = submission.Account ?? throw new ArgumentException("A success needs an account.", nameof(submission));
        if (await grouping.AlertBeforeSuccessAsync(account.Id, submission.CountedAt) is not { } alert)
            return false;
        // An attacker who has the password could otherwise trigger mail after mail
        var isTold = !await grouping.IsSuccessMailLimitReachedAsync(account.Id, submission.CountedAt);
        var entry = Add(submission, CaptureTrigger.SuccessAfterFailures, LoginOutcome.SucceededAfterFailures, account.Id, alert,
            isTold ? ToldBy.OwnMail : ToldBy.Nothing);
        if (!isTold)
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, AlertGrouping.NotMailed);
        await SaveAsync(entry);
        if (isTold)
        {
            // Committed before the picture is taken: the person who signed in could delete the entry, but not the mail
            await deliveries.AddSuccessAsync(entry);
            await db.SaveChangesAsync();
        }

        return true;
    }

    private ImageLogEntry Add(
        Submission submission, CaptureTrigger trigger, LoginOutcome outcome, long? ownerId, Alert alert, ToldBy toldBy) =>
        db.Add(new ImageLogEntry
        {
            OwnerId = ownerId,
            Trigger = trigger,
            At = submission.At,
            Outcome = outcome,
            AlertId = alert.Id,
            CaptureDueAt = submission.CountedAt,
            LoginAttempt = new LoginAttempt
            {
                At = submission.At,
                AccountTyped = AccountOf(submission),
                OwnerId = ownerId,
                RemoteAddress = submission.Visitor.RemoteAddress,
                UserAgent = submission.Visitor.UserAgent,
                Outcome = outcome,
                AlertId = alert.Id,
                NumberInAlert = alert.Attempts,
                ToldBy = toldBy,
            },
        }).Entity;

    private static string AccountOf(Submission submission) =>
        submission.Account?.Email is { } email ? TypedAccount.Kept(email) : TypedAccount.ForRecord(submission.Typed);

    private async Task SaveAsync(ImageLogEntry entry)
    {
        await db.SaveChangesAsync();
        var attempt = entry.LoginAttempt!;
        logger.LogInformation(
            "Attempt {AttemptId}: {Outcome} for {Account} from {RemoteAddress}, entry {EntryId}, alert {AlertId}",
            attempt.Id, attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress, entry.Id, attempt.AlertId);
    }
}

/// <summary>A submission of credentials, without the password.</summary>
/// <param name="Account">The account with the submitted mail address; null if there is none.</param>
/// <param name="Typed">The account as typed.</param>
/// <param name="Visitor">Who typed it.</param>
/// <param name="At">When the form arrived.</param>
/// <param name="CountedAt">When it was counted: later than <paramref name="At"/> if the hash had to wait for a core.</param>
public sealed record Submission(Account? Account, string Typed, Visitor Visitor, DateTimeOffset At, DateTimeOffset CountedAt);
