using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Decides who may sign in, and counts wrong passwords.</summary>
public sealed class SignInPolicy(SentinelCamDbContext db)
{
    /// <summary>
    /// The number of consecutive wrong passwords that locks an account for strangers, or a known browser, or a session.
    /// </summary>
    public const int MaxFailures = 5;

    /// <summary>How long the lock lasts.</summary>
    public static readonly TimeSpan LockoutTime = TimeSpan.FromMinutes(5);

    /// <summary>Decides on a sign-in within the caller's transaction, which serializes parallel guesses.</summary>
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
        var standing = await account.Select(a => new { a.ApprovedAt }).SingleOrDefaultAsync();
        var refusal = browserId is { } id
            ? await CountAsync(db.KnownBrowsers.Where(b => b.Id == id), passwordIsRight, now)
            : await CountAsync(account, passwordIsRight, now);
        if (standing is null)
            return new SignInDecision(LoginOutcome.UnknownAccount, OwnerId: null);
        // An unapproved account has no owner yet, so that its failed sign-ins do not send pictures to a stranger
        return standing.ApprovedAt is null
            ? new SignInDecision(refusal ?? LoginOutcome.NotApproved, OwnerId: null)
            : new SignInDecision(refusal, accountId);
    }

    /// <summary>
    /// The same for a password that is entered again in a session, which has a count of its own: someone with a stolen session
    /// cannot lock the sign-in, and the lock of the sign-in does not keep the owner from changing the password.
    /// </summary>
    public async Task<SignInDecision> DecideAgainAsync(LiveSession session, bool passwordIsRight, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(session);
        var row = db.Sessions.Where(s => s.KeyHash == session.KeyHash && s.EndedAt == null);
        return new SignInDecision(await CountAsync(row, passwordIsRight, now), session.AccountId);
    }

    /// <summary>
    /// Decides on a submission whose password was not checked. It does not count towards the lock, because it tried no password.
    /// </summary>
    /// <param name="accountId">The account that it names; 0 if there is none.</param>
    public async Task<SignInDecision> DecideUncheckedAsync(long accountId) => new(
        LoginOutcome.NotChecked,
        await db.Users.Where(a => a.Id == accountId && a.ApprovedAt != null).Select(a => (long?)a.Id).SingleOrDefaultAsync());

    /// <summary>Counts a wrong password, and resets the count after a right one.</summary>
    /// <returns>Why the submission is refused; null if it is not. A row that is missing can count nothing, and refuses.</returns>
    private static async Task<LoginOutcome?> CountAsync<T>(IQueryable<T> row, bool passwordIsRight, DateTimeOffset now)
        where T : class, IGuessCounter
    {
        var count = await row.Select(r => new { r.LockoutEnd, r.AccessFailedCount }).SingleOrDefaultAsync();
        // A lock that lasts longer was set while the clock was ahead
        if (count?.LockoutEnd > now && count.LockoutEnd <= now + LockoutTime)
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

        // Writes only if there is something to clear, so that the owner of a full disk can still sign in and free space
        if (count?.AccessFailedCount > 0)
            await row.ExecuteUpdateAsync(set => set.SetProperty(r => r.AccessFailedCount, 0));
        return count is null ? LoginOutcome.LockedOut : null;
    }
}

/// <summary>Whether a submission of credentials may sign in.</summary>
/// <param name="Refusal">Why it may not; null if it may.</param>
/// <param name="OwnerId">The approved account that it concerns; null if there is none.</param>
public readonly record struct SignInDecision(LoginOutcome? Refusal, long? OwnerId);
