using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Decides who may sign in, and counts wrong passwords and wrong codes.</summary>
public sealed class SignInPolicy(SentinelCamDbContext db, SecondFactors factors)
{
    /// <summary>
    /// The number of consecutive wrong passwords that locks an account for strangers, or a known browser, or a session. The same
    /// number of wrong codes locks the codes there.
    /// </summary>
    public const int MaxFailures = 5;

    /// <summary>How long the lock lasts.</summary>
    public static readonly TimeSpan LockoutTime = TimeSpan.FromMinutes(5);

    /// <summary>The longest lock of codes, which doubles each time: there are only a million of them.</summary>
    public static readonly TimeSpan LongestCodeLock = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a code can follow a password. Not longer than the lock, so that the password must be entered again after one.
    /// </summary>
    public static readonly TimeSpan CodeTime = LockoutTime;

    /// <summary>Decides on a password within the caller's transaction, which serializes parallel guesses.</summary>
    /// <param name="accountId">The account whose password was tried; 0 if there is none.</param>
    /// <param name="passwordIsRight">Whether the password is right.</param>
    /// <param name="now">The time at which locks are evaluated.</param>
    /// <param name="browserId">
    /// The known browser, which has a count of its own; null for strangers, who share the account's: they lock only strangers.
    /// </param>
    public async Task<SignInDecision> DecideAsync(
        long accountId, bool passwordIsRight, DateTimeOffset now, long? browserId = null)
    {
        var account = db.Users.Where(a => a.Id == accountId);
        var standing = await account.Select(a => new { a.ApprovedAt, a.TwoFactorEnabled }).SingleOrDefaultAsync();
        var hasFactor = standing is { TwoFactorEnabled: true };
        var needsCode = hasFactor && !await IsTrustedAsync(browserId, now);
        var refusal = browserId is { } id
            ? await CountAsync(db.KnownBrowsers.Where(b => b.Id == id), passwordIsRight, now, needsCode)
            : await CountAsync(account, passwordIsRight, now, needsCode);
        if (standing is null)
            return new SignInDecision(LoginOutcome.UnknownAccount, OwnerId: null);
        // An unapproved account has no owner yet, so that its failed sign-ins do not send pictures to a stranger
        if (standing.ApprovedAt is null)
            return new SignInDecision(refusal ?? LoginOutcome.NotApproved, OwnerId: null);
        return refusal is not null || !needsCode
            ? new SignInDecision(refusal, accountId)
            {
                Method = hasFactor ? SignInMethods.TrustedBrowser : SignInMethods.Password,
            }
            : new SignInDecision(refusal, accountId) { Needs = SignInStep.Code };
    }

    /// <summary>
    /// The same for a password that is entered again in a session, which has a count of its own: someone with a stolen session
    /// cannot lock the sign-in, and the lock of the sign-in does not keep the owner from changing the password.
    /// </summary>
    public async Task<SignInDecision> DecideAgainAsync(LiveSession session, bool passwordIsRight, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new SignInDecision(await CountAsync(RowOf(session), passwordIsRight, now), session.AccountId);
    }

    /// <summary>
    /// Decides on a submission whose password was not checked. It does not count towards the lock, because it tried no password.
    /// </summary>
    /// <param name="accountId">The account that it names; 0 if there is none.</param>
    public async Task<SignInDecision> DecideUncheckedAsync(long accountId) => new(
        LoginOutcome.NotChecked,
        await db.Users.Where(a => a.Id == accountId && a.ApprovedAt != null).Select(a => (long?)a.Id).SingleOrDefaultAsync());

    /// <summary>
    /// Decides on a code that follows the right password, and uses it up if it is right, within the caller's transaction.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="securityStamp">Its security stamp when the password was right.</param>
    /// <param name="code">The code, as typed.</param>
    /// <param name="now">The time.</param>
    /// <param name="browserId">The known browser; null for strangers.</param>
    public async Task<SignInDecision> DecideCodeAsync(
        long accountId, string securityStamp, string code, DateTimeOffset now, long? browserId)
    {
        var account = db.Users.Where(a =>
            a.Id == accountId && a.SecurityStamp == securityStamp && a.ApprovedAt != null && a.TwoFactorEnabled);
        if (!await account.AnyAsync())
            return new SignInDecision(null, accountId) { Needs = SignInStep.Password };
        var decision = browserId is { } id
            ? await CountCodeAsync(db.KnownBrowsers.Where(b => b.Id == id), accountId, code, now)
            : await CountCodeAsync(account, accountId, code, now);
        // A known browser's count is reset when its key is renewed
        if (decision.Method is not null && browserId is null)
            await account.Where(a => a.AccessFailedCount > 0)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0));
        return decision;
    }

    /// <summary>The same for a code that is entered in a session, which has a count of its own.</summary>
    public Task<SignInDecision> DecideCodeAgainAsync(LiveSession session, string code, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(session);
        return CountCodeAsync(RowOf(session), session.AccountId, code, now);
    }

    private IQueryable<Session> RowOf(LiveSession session) =>
        db.Sessions.Where(s => s.KeyHash == session.KeyHash && s.EndedAt == null);

    private async Task<bool> IsTrustedAsync(long? browserId, DateTimeOffset now)
    {
        // Trust that lasts longer was given while the clock was ahead
        var latest = now + KnownBrowsers.TrustLifetime;
        return browserId is not null
            && await db.KnownBrowsers.AnyAsync(b => b.Id == browserId && b.TrustedUntil > now && b.TrustedUntil <= latest);
    }

    /// <summary>Counts a wrong password, and resets the count after a right one, unless a code has to follow.</summary>
    /// <returns>Why the submission is refused; null if it is not. A row that is missing can count nothing, and refuses.</returns>
    private static async Task<LoginOutcome?> CountAsync<T>(
        IQueryable<T> row, bool passwordIsRight, DateTimeOffset now, bool needsCode = false)
        where T : class, IGuessCounter
    {
        var count = await row.Select(r => new { r.LockoutEnd, r.AccessFailedCount, r.CodesLockedUntil }).SingleOrDefaultAsync();
        if (IsLocked(count?.LockoutEnd, LockoutTime, now))
            return LoginOutcome.LockedOut;
        if (!passwordIsRight)
        {
            var failures = (count?.AccessFailedCount ?? 0) + 1;
            await (failures < MaxFailures
                ? row.ExecuteUpdateAsync(set => set.SetProperty(r => r.AccessFailedCount, failures))
                : row.ExecuteUpdateAsync(set => set
                    .SetProperty(r => r.AccessFailedCount, 0)
                    .SetProperty(r => r.LockoutEnd, now + LockoutTime)));
            return LoginOutcome.WrongPassword;
        }

        if (needsCode)
            return count is null || IsLocked(count.CodesLockedUntil, LongestCodeLock, now) ? LoginOutcome.LockedOut : null;
        // Writes only if there is something to clear, so that the owner of a full disk can still sign in and free space
        if (count?.AccessFailedCount > 0)
            await row.ExecuteUpdateAsync(set => set.SetProperty(r => r.AccessFailedCount, 0));
        return count is null ? LoginOutcome.LockedOut : null;
    }

    /// <summary>
    /// Uses up a right code and resets the count; counts a wrong one. Each fifth locks the codes, for twice as long as the last
    /// time. A code that arrives while they are locked is not compared.
    /// </summary>
    private async Task<SignInDecision> CountCodeAsync<T>(IQueryable<T> row, long accountId, string code, DateTimeOffset now)
        where T : class, IGuessCounter
    {
        var count = await row.Select(r => new { r.WrongCodes, r.CodesLockedUntil }).SingleOrDefaultAsync();
        if (count is null || IsLocked(count.CodesLockedUntil, LongestCodeLock, now))
            return new SignInDecision(null, accountId) { Needs = SignInStep.Password };
        if (await factors.MatchAsync(accountId, code, now) is { } match)
        {
            await factors.UseAsync(accountId, match);
            await row.Where(r => r.WrongCodes > 0).ExecuteUpdateAsync(set => set.SetProperty(r => r.WrongCodes, 0));
            return new SignInDecision(null, accountId)
            {
                Method = match.IsRecoveryCode ? SignInMethods.RecoveryCode : SignInMethods.AuthenticatorApp,
            };
        }

        var wrong = count.WrongCodes + 1;
        DateTimeOffset? lockedUntil = wrong % MaxFailures == 0 ? now + LockAfter(wrong) : null;
        await row.ExecuteUpdateAsync(set => set
            .SetProperty(r => r.WrongCodes, wrong)
            .SetProperty(r => r.CodesLockedUntil, lockedUntil));
        return new SignInDecision(LoginOutcome.WrongCode, accountId);
    }

    private static TimeSpan LockAfter(int wrongCodes)
    {
        var doublings = Math.Min((wrongCodes / MaxFailures) - 1, 10);
        var time = LockoutTime * (1 << doublings);
        return time < LongestCodeLock ? time : LongestCodeLock;
    }

    /// <summary>A lock that lasts longer than any was set while the clock was ahead.</summary>
    private static bool IsLocked(DateTimeOffset? until, TimeSpan longest, DateTimeOffset now) =>
        until > now && until <= now + longest;
}

/// <summary>What has to follow a submission.</summary>
public enum SignInStep
{
    /// <summary>Nothing: it is accepted or refused.</summary>
    None,

    /// <summary>A code, after the right password.</summary>
    Code,

    /// <summary>The password, because a code came too late, or after too many wrong ones. It was not compared.</summary>
    Password,
}

/// <summary>Whether a submission of credentials may sign in.</summary>
/// <param name="Refusal">Why it may not; null if it may.</param>
/// <param name="OwnerId">The approved account that it concerns; null if there is none.</param>
public readonly record struct SignInDecision(LoginOutcome? Refusal, long? OwnerId)
{
    /// <summary>What has to follow before anybody is signed in.</summary>
    public SignInStep Needs { get; init; }

    /// <summary>One of <see cref="SignInMethods"/>, if it is accepted.</summary>
    public string? Method { get; init; }
}
