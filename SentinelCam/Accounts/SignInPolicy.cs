using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Decides who may sign in, and counts wrong passwords.</summary>
public sealed class SignInPolicy(SentinelCamDbContext db)
{
    /// <summary>The number of consecutive wrong passwords that locks an account.</summary>
    public const int MaxFailures = 5;

    /// <summary>How long an account stays locked.</summary>
    public static readonly TimeSpan LockoutTime = TimeSpan.FromMinutes(5);

    /// <summary>Decides on one submission within the caller's transaction, which serializes parallel guesses.</summary>
    /// <param name="accountId">The account whose password was tried; 0 if there is none.</param>
    /// <param name="passwordIsRight">Whether the password is right.</param>
    /// <param name="now">The time at which locks are evaluated.</param>
    public async Task<SignInDecision> DecideAsync(long accountId, bool passwordIsRight, DateTimeOffset now)
    {
        var account = db.Users.Where(a => a.Id == accountId);
        var standing = await account.Select(a => new { a.LockoutEnd, a.AccessFailedCount, a.ApprovedAt }).SingleOrDefaultAsync();
        if (standing is null)
            return new SignInDecision(LoginOutcome.UnknownAccount, OwnerId: null);
        // An unapproved account has no owner yet, so that its failed sign-ins do not send pictures to a stranger
        long? ownerId = standing.ApprovedAt is null ? null : accountId;
        // A lock that lasts longer was set while the clock was ahead
        if (standing.LockoutEnd > now && standing.LockoutEnd <= now + LockoutTime)
            return new SignInDecision(LoginOutcome.LockedOut, ownerId);
        if (!passwordIsRight)
        {
            await CountFailureAsync(account, standing.AccessFailedCount + 1, now);
            return new SignInDecision(LoginOutcome.WrongPassword, ownerId);
        }

        if (ownerId is null)
            return new SignInDecision(LoginOutcome.NotApproved, OwnerId: null);
        // Writes only if there is something to clear, so that the owner of a full disk can still sign in and free space
        await account.Where(a => a.AccessFailedCount != 0)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, 0));
        return new SignInDecision(Refusal: null, ownerId);
    }

    /// <summary>
    /// Decides on a submission whose password was not checked. It does not count towards the lock, because it tried no password.
    /// </summary>
    /// <param name="accountId">The account that it names; 0 if there is none.</param>
    public async Task<SignInDecision> DecideUncheckedAsync(long accountId) => new(
        LoginOutcome.NotChecked,
        await db.Users.Where(a => a.Id == accountId && a.ApprovedAt != null).Select(a => (long?)a.Id).SingleOrDefaultAsync());

    private static Task<int> CountFailureAsync(IQueryable<Account> account, int failures, DateTimeOffset now) =>
        failures < MaxFailures
            ? account.ExecuteUpdateAsync(set => set.SetProperty(a => a.AccessFailedCount, failures))
            : account.ExecuteUpdateAsync(set => set
                .SetProperty(a => a.AccessFailedCount, 0)
                .SetProperty(a => a.LockoutEnd, now + LockoutTime));
}

/// <summary>Whether a submission of credentials may sign in.</summary>
/// <param name="Refusal">Why it may not; null if it may.</param>
/// <param name="OwnerId">The approved account that it concerns; null if there is none.</param>
public readonly record struct SignInDecision(LoginOutcome? Refusal, long? OwnerId);
