using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The answer to submitted credentials.</summary>
public enum CredentialResult
{
    /// <summary>They are right, and what has to be recorded is recorded.</summary>
    Accepted,

    /// <summary>They are refused, and the failure is recorded.</summary>
    Refused,

    /// <summary>
    /// The database cannot be written, or could not be a moment ago: nothing is recorded, and nobody is let in, whether the password
    /// is right or not.
    /// </summary>
    NotRecorded,
}

/// <summary>
/// Checks credentials wherever a password is typed: the one way from a password to an answer. Nobody gets in unrecorded.
/// </summary>
public sealed class CredentialCheck(
    SentinelCamDbContext db, PasswordCheck passwords, SignInPolicy policy, LoginAttemptRecorder recorder, UnrecordedGuesses unrecorded,
    TimeProvider time, ILogger<CredentialCheck> logger)
{
    /// <summary>Checks the credentials of somebody who wants to sign in.</summary>
    /// <remarks>
    /// Takes no cancellation token: a visitor who hangs up is recorded all the same. Known, unknown, locked and unapproved accounts take
    /// the same path to one commit, beside which the hash takes nearly all of the time.
    /// </remarks>
    /// <param name="email">The account, as typed.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="visitor">Who typed them.</param>
    /// <returns>The answer, and the account to sign in where it is <see cref="CredentialResult.Accepted"/>.</returns>
    public async Task<(CredentialResult Result, Account? Account)> SignInAsync(string email, string password, Visitor visitor)
    {
        // The attempt's time is when the form arrived: in a flood the hash waits for a core, and the picture must show that moment
        var at = time.GetUtcNow();
        var (account, passwordIsRight) = await passwords.CheckAsync(email, password);
        var result = await GuardAsync(() => RecordAsync(account, passwordIsRight, email, visitor, at));
        return (result, result is CredentialResult.Accepted ? account : null);
    }

    /// <summary>
    /// Checks the password of somebody who is signed in. A wrong one is a guess like one at the sign-in page: counted, recorded,
    /// photographed and mailed. A right one leaves nothing to record, also while the account is locked.
    /// </summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="visitor">Who typed it.</param>
    public async Task<CredentialResult> ConfirmAsync(Account account, string password, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var at = time.GetUtcNow();
        var isRight = await passwords.IsRightAsync(account, password);
        return await GuardAsync(() => isRight
            ? Task.FromResult((CredentialResult.Accepted, IsRecorded: false))
            : RecordAsync(account, passwordIsRight: false, account.Email!, visitor, at));
    }

    /// <returns>The answer, and whether something was written.</returns>
    private async Task<(CredentialResult Result, bool IsRecorded)> RecordAsync(
        Account? account, bool passwordIsRight, string typed, Visitor visitor, DateTimeOffset at)
    {
        // BEGIN IMMEDIATE: parallel guesses are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Locks and bursts go by the order in which attempts are counted
        var now = time.GetUtcNow();
        var decision = await policy.DecideAsync(account?.Id ?? 0, passwordIsRight, now);
        var submission = new Submission(account, typed, visitor, at, now);
        var isRecorded = decision.Refusal is { } refusal
            ? await recorder.AddFailureAsync(submission, refusal, decision.OwnerId)
            : await recorder.AddSuccessAsync(submission);
        try
        {
            await transaction.CommitAsync();
        }
        catch (InvalidOperationException rolledBack)
        {
            // SQLite rolls back by itself where the disk is full at the end of a statement; its provider notices only here
            throw new DbUpdateException("The database has taken the attempt back.", rolledBack);
        }

        return (decision.Refusal is null ? CredentialResult.Accepted : CredentialResult.Refused, isRecorded);
    }

    private async Task<CredentialResult> GuardAsync(Func<Task<(CredentialResult Result, bool IsRecorded)>> check)
    {
        try
        {
            var (result, isRecorded) = await check();
            if (isRecorded)
                unrecorded.Clear();
            else if (unrecorded.AreTooMany)
                return NotRecorded("too many guesses before it could not be recorded");
            return result;
        }
        catch (Exception error) when (error is DbException or DbUpdateException)
        {
            unrecorded.Add();
            return NotRecorded((error.InnerException ?? error).Message);
        }
    }

    private CredentialResult NotRecorded(string problem)
    {
        logger.LogError("Credentials were refused because guesses cannot be recorded: {Problem}", problem);
        return CredentialResult.NotRecorded;
    }
}
