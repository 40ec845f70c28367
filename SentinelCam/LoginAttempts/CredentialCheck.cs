using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The answer to submitted credentials.</summary>
public enum CredentialResult
{
    /// <summary>They are right, and everything that must be recorded is recorded.</summary>
    Accepted,

    /// <summary>They are refused, and the failure is recorded.</summary>
    Refused,

    /// <summary>The same, because too many were wrong in this session. A sign-in does not say so.</summary>
    RefusedForNow,

    /// <summary>Too many passwords waited to be checked. This one was not, and that is recorded.</summary>
    NotChecked,

    /// <summary>
    /// The database is not writable, or was not a moment ago. Nothing is recorded, and nobody is signed in, even with the right
    /// password.
    /// </summary>
    NotRecorded,
}

/// <summary>The answer to a sign-in.</summary>
/// <param name="Result">Whether it is accepted.</param>
/// <param name="Account">The account to sign in; null if it is not accepted.</param>
/// <param name="Wait">How long strangers at this network have to wait for the next check; null if it is not that.</param>
public sealed record SignInAnswer(CredentialResult Result, Account? Account, TimeSpan? Wait);

/// <summary>
/// Checks every password that is submitted anywhere. Nobody gets past a check that could not be recorded.
/// </summary>
public sealed class CredentialCheck(
    SentinelCamDbContext db, PasswordCheck passwords, SignInPolicy policy, LoginAttemptRecorder recorder, RecordingTurns turns,
    SignInDelays delays, UnrecordedGuesses unrecorded, KnownBrowsers browsers, TimeProvider time,
    ILogger<CredentialCheck> logger)
{
    /// <summary>Checks the credentials of a visitor who wants to sign in.</summary>
    /// <remarks>
    /// Takes no cancellation token, because a visitor who disconnects must be recorded too. Known, unknown, locked and unapproved
    /// accounts take the same path to one commit, and the hash takes nearly all of the time.
    /// </remarks>
    /// <param name="email">The account, as typed.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="visitor">Who typed them.</param>
    /// <param name="keyOf">The key of the visitor's browser for an account, see <see cref="KnownBrowsers"/>.</param>
    /// <returns>The account to sign in if the result is <see cref="CredentialResult.Accepted"/>.</returns>
    public async Task<SignInAnswer> SignInAsync(string email, string password, Visitor visitor, Func<long, string?> keyOf)
    {
        // When the form arrived, which the picture must show: in a flood, the hash waits for a core
        var at = time.GetUtcNow();
        using var trace = Telemetry.BeginTrace("check credentials");
        Account? account = null;
        TimeSpan? wait = null;
        VisitorLine line = default;
        var result = await GuardAsync(async () =>
        {
            (account, var browserId) = await passwords.FindAsync(email, keyOf);
            wait = browserId is null ? delays.Begin(visitor) : null;
            line = browserId is { } id ? VisitorLine.OfBrowser(id) : VisitorLine.OfStranger(visitor);
            var verdict = wait is null ? await passwords.VerifyAsync(account, password, line) : PasswordVerdict.NotChecked;
            var recorded = await RecordAsync(account, verdict, email, visitor, line, at,
                (isRight, now) => policy.DecideAsync(account?.Id ?? 0, isRight, now, browserId), browserId);
            if (recorded.Result is CredentialResult.Accepted && browserId is null)
                delays.Undo(visitor);
            return recorded;
        });
        if (result is not CredentialResult.Accepted)
            return new SignInAnswer(result, null, wait);
        await passwords.RenewHashAsync(account!, password, line);
        return new SignInAnswer(result, account, wait);
    }

    /// <summary>
    /// Checks the password of a signed-in person. A wrong password is treated like one on the sign-in page: it is recorded,
    /// photographed and mailed, and counted in its session. A right one is not recorded, and is accepted even while the account
    /// is locked.
    /// </summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="session">In which session.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="visitor">Who typed it.</param>
    public async Task<CredentialResult> ConfirmAsync(Account account, LiveSession session, string password, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var at = time.GetUtcNow();
        using var trace = Telemetry.BeginTrace("check credentials");
        var line = VisitorLine.OfSession(session);
        var verdict = await passwords.VerifyAsync(account, password, line);
        return await GuardAsync(() => RecordAsync(
            account, verdict, account.Email!, visitor, line, at, (isRight, now) => policy.DecideAgainAsync(session, isRight, now),
            isSignIn: false));
    }

    /// <returns>The result, and whether anything was written.</returns>
    private async Task<(CredentialResult Result, bool IsRecorded)> RecordAsync(
        Account? account, PasswordVerdict verdict, string typed, Visitor visitor, VisitorLine line, DateTimeOffset at,
        Func<bool, DateTimeOffset, Task<SignInDecision>> decide, long? browserId = null, bool isSignIn = true)
    {
        // Otherwise the threads of a flood would all wait for SQLite's lock, which it gives to anyone
        using var turn = await turns.WaitAsync(line);
        // BEGIN IMMEDIATE, so that parallel guesses are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Lockouts and bursts depend on the order in which attempts are counted
        var now = time.GetUtcNow();
        var isRight = verdict is PasswordVerdict.Right;
        var decision = verdict is PasswordVerdict.NotChecked ? await policy.DecideUncheckedAsync(account?.Id ?? 0)
            : await decide(isRight, now);
        var attempt = new LoginAttempt
        {
            At = at,
            Origin = AttemptOrigin.WebPage,
            AccountTyped = account?.Email is { } email ? TypedAccount.Kept(email) : TypedAccount.ForRecord(typed),
            OwnerId = decision.OwnerId,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            Outcome = decision.Refusal ?? LoginOutcome.SucceededAfterFailures,
        };
        var isRecorded = true;
        if (decision.Refusal is not null)
        {
            await recorder.AddFailureAsync(attempt, now);
        }
        else
        {
            // With a second factor, nobody has signed in yet
            attempt.IsNewBrowser = isSignIn && account is { TwoFactorEnabled: false }
                && await browsers.IsNewAsync(account.Id, browserId);
            isRecorded = isSignIn && await recorder.AddSuccessAsync(attempt, now);
        }

        try
        {
            await transaction.CommitAsync();
        }
        catch (InvalidOperationException rolledBack)
        {
            // SQLite rolls back by itself if the disk is full at the end of a statement; its provider notices only here
            throw new DbUpdateException("The database rolled the attempt back.", rolledBack);
        }

        return (decision.Refusal switch
        {
            null => CredentialResult.Accepted,
            LoginOutcome.NotChecked => CredentialResult.NotChecked,
            LoginOutcome.LockedOut when !isSignIn => CredentialResult.RefusedForNow,
            _ => CredentialResult.Refused,
        }, isRecorded);
    }

    private async Task<CredentialResult> GuardAsync(Func<Task<(CredentialResult Result, bool IsRecorded)>> check)
    {
        try
        {
            var (result, isRecorded) = await check();
            if (isRecorded)
                unrecorded.Clear();
            else if (unrecorded.AreTooMany)
                return NotRecorded("too many earlier guesses could not be recorded");
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
