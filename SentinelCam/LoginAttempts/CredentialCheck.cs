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

    /// <summary>The password is right, and nothing is recorded: a code has to follow.</summary>
    CodeNeeded,

    /// <summary>The code was not compared, and nothing is recorded: it came too late, or too many were wrong.</summary>
    PasswordNeeded,

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
/// <param name="Account">The account to sign in, or whose code is needed; null if it is refused.</param>
/// <param name="Wait">How long strangers at this network have to wait for the next check; null if it is not that.</param>
/// <param name="Method">If it is accepted, one of <see cref="SignInMethods"/>.</param>
public sealed record SignInAnswer(CredentialResult Result, Account? Account, TimeSpan? Wait, string? Method = null);

/// <summary>
/// Checks every password and code that is submitted anywhere. Nobody gets past a check that could not be recorded.
/// </summary>
public sealed class CredentialCheck(
    SentinelCamDbContext db, PasswordCheck passwords, SignInPolicy policy, LoginAttemptRecorder recorder, RecordingTurns turns,
    SignInDelays delays, UnrecordedGuesses unrecorded, KnownBrowsers browsers, SecondFactorNotices factorNotices,
    TimeProvider time, ILogger<CredentialCheck> logger)
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
        string? method = null;
        VisitorLine line = default;
        var result = await GuardAsync(async () =>
        {
            (account, var browserId) = await passwords.FindAsync(email, keyOf);
            wait = browserId is null ? delays.Begin(visitor) : null;
            line = LineOf(browserId, visitor);
            var verdict = wait is null ? await passwords.VerifyAsync(account, password, line) : PasswordVerdict.NotChecked;
            var recorded = await RecordAsync(account, email, visitor, line, at, async now =>
            {
                var decision = await DecideAsync(account?.Id ?? 0, verdict,
                    isRight => policy.DecideAsync(account?.Id ?? 0, isRight, now, browserId));
                method = decision.Method;
                return decision;
            }, browserId);
            if (recorded.Result is CredentialResult.Accepted or CredentialResult.CodeNeeded && browserId is null)
                delays.Undo(visitor);
            return recorded;
        });
        if (result is not (CredentialResult.Accepted or CredentialResult.CodeNeeded))
            return new SignInAnswer(result, null, wait);
        await passwords.RenewHashAsync(account!, password, line);
        return new SignInAnswer(result, account, wait, method);
    }

    /// <summary>
    /// Checks the code that follows a right password. A wrong one is recorded, photographed and mailed at once.
    /// </summary>
    /// <param name="accountId">The account whose password was right.</param>
    /// <param name="securityStamp">Its security stamp at that time.</param>
    /// <param name="code">The code, as typed.</param>
    /// <param name="visitor">Who typed it.</param>
    /// <param name="browserKey">The key of the visitor's browser for the account, see <see cref="KnownBrowsers"/>.</param>
    public async Task<SignInAnswer> CheckCodeAsync(
        long accountId, string securityStamp, string code, Visitor visitor, string? browserKey)
    {
        var at = time.GetUtcNow();
        using var trace = Telemetry.BeginTrace("check credentials");
        Account? account = null;
        string? method = null;
        var result = await GuardAsync(async () =>
        {
            var browserId = await browsers.FindAsync(accountId, browserKey);
            account = await db.Users.SingleOrDefaultAsync(a => a.Id == accountId);
            return await RecordAsync(account, "", visitor, LineOf(browserId, visitor), at, async now =>
            {
                var decision = await policy.DecideCodeAsync(accountId, securityStamp, code, now, browserId);
                method = decision.Method;
                if (method is SignInMethods.RecoveryCode)
                    await factorNotices.AddRecoveryCodeUsedAsync(account!, visitor);
                return decision;
            }, browserId);
        });
        return new SignInAnswer(result, result is CredentialResult.Accepted ? account : null, null, method);
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
        return await GuardAsync(() => RecordAsync(account, account.Email!, visitor, line, at,
            now => DecideAsync(account.Id, verdict, isRight => policy.DecideAgainAsync(session, isRight, now)),
            isSignIn: false));
    }

    /// <summary>
    /// Checks a code of a signed-in person. A wrong one is treated like one at the sign-in, and counted in its session.
    /// </summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="session">In which session.</param>
    /// <param name="code">The code, as typed.</param>
    /// <param name="visitor">Who typed it.</param>
    public async Task<CredentialResult> ConfirmCodeAsync(Account account, LiveSession session, string code, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var at = time.GetUtcNow();
        using var trace = Telemetry.BeginTrace("check credentials");
        return await GuardAsync(() => RecordAsync(account, account.Email!, visitor, VisitorLine.OfSession(session), at,
            now => policy.DecideCodeAgainAsync(session, code, now), isSignIn: false));
    }

    private static VisitorLine LineOf(long? browserId, Visitor visitor) =>
        browserId is { } id ? VisitorLine.OfBrowser(id) : VisitorLine.OfStranger(visitor);

    private Task<SignInDecision> DecideAsync(
        long accountId, PasswordVerdict verdict, Func<bool, Task<SignInDecision>> decide) =>
        verdict is PasswordVerdict.NotChecked
            ? policy.DecideUncheckedAsync(accountId)
            : decide(verdict is PasswordVerdict.Right);

    /// <returns>The result, and whether anything was written.</returns>
    private async Task<(CredentialResult Result, bool IsRecorded)> RecordAsync(
        Account? account, string typed, Visitor visitor, VisitorLine line, DateTimeOffset at,
        Func<DateTimeOffset, Task<SignInDecision>> decide, long? browserId = null, bool isSignIn = true)
    {
        // Otherwise the threads of a flood would all wait for SQLite's lock, which it gives to anyone
        using var turn = await turns.WaitAsync(line);
        // BEGIN IMMEDIATE, so that parallel guesses are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Lockouts and bursts depend on the order in which attempts are counted
        var now = time.GetUtcNow();
        var decision = await decide(now);
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
        else if (decision.Needs is SignInStep.None && isSignIn)
        {
            attempt.IsNewBrowser = await browsers.IsNewAsync(account!.Id, browserId);
            isRecorded = await recorder.AddSuccessAsync(attempt, now);
        }
        else
        {
            isRecorded = false;
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
            null when decision.Needs is SignInStep.Code => CredentialResult.CodeNeeded,
            null when decision.Needs is SignInStep.Password => CredentialResult.PasswordNeeded,
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
