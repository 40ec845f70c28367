using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;

namespace SentinelCam.People;

/// <summary>The result of what an administrator does to an account.</summary>
public enum AdministrationOutcome
{
    Done,

    /// <summary>There is no such account, or it is not as it must be: another administrator may have been faster.</summary>
    NotFound,

    /// <summary>It is the only administrator.</summary>
    LastAdministrator,
}

/// <summary>An account as administrators see it.</summary>
/// <param name="Id">The account.</param>
/// <param name="Name">Its display name.</param>
/// <param name="Email">Its address.</param>
/// <param name="IsConfirmed">Whether the address is confirmed.</param>
/// <param name="RegisteredAt">When it was registered.</param>
/// <param name="IsRequest">Whether it was never approved.</param>
/// <param name="IsApproved">Whether it can sign in.</param>
/// <param name="IsAdministrator">Whether it is an administrator's.</param>
/// <param name="HasSecondFactor">Whether the password alone does not sign in.</param>
/// <param name="IsBeingDeleted">Whether only the rest of it is left.</param>
/// <param name="LastSeenAt">The last request in a session; null if no session is left.</param>
/// <param name="LastSignInAt">The last sign-in; null if there was none.</param>
public sealed record AccountOverview(
    long Id, string Name, string Email, bool IsConfirmed, DateTimeOffset RegisteredAt, bool IsRequest, bool IsApproved,
    bool IsAdministrator, bool HasSecondFactor, bool IsBeingDeleted, DateTimeOffset? LastSeenAt, DateTimeOffset? LastSignInAt)
{
    /// <summary>
    /// When somebody last used it; null if never. Rows of sessions go 30 days after their end. Then it is the last sign-in, which
    /// the browser's row keeps.
    /// </summary>
    public DateTimeOffset? LastUsedAt => LastSignInAt > LastSeenAt ? LastSignInAt : LastSeenAt ?? LastSignInAt;
}

/// <summary>
/// What administrators do to accounts. The owner is told by mail. Rights that shrink are gone at once, because each request reads
/// them from the account's row.
/// </summary>
public sealed class AccountAdministration(
    SentinelCamDbContext db, AlertNotices notices, ActivityLog activity, SecondFactorChange factors, TimeProvider time,
    ILogger<AccountAdministration> logger)
{
    /// <summary>All accounts, those that wait for approval first.</summary>
    public Task<List<AccountOverview>> ListAsync() =>
        Overviews(db.Users.OrderBy(a => a.ApprovedAt != null).ThenBy(a => a.Id)).ToListAsync();

    /// <returns>Null if there is no such account.</returns>
    public Task<AccountOverview?> FindAsync(long id) => Overviews(db.Users.Where(a => a.Id == id)).SingleOrDefaultAsync();

    /// <summary>Lets an account in whose address is confirmed.</summary>
    public Task<AdministrationOutcome> ApproveAsync(long id) => ChangeAsync(id, "approved", account =>
    {
        if (account is not { ApprovedAt: null, EmailConfirmed: true })
            return Task.FromResult(AdministrationOutcome.NotFound);
        (account.ApprovedAt, account.RegisteredFrom) = (time.GetUtcNow(), null);
        return TellAsync(account, ActivityKind.AccountApproved, "The account was approved. You can sign in.");
    });

    /// <summary>Blocks an account until it is approved again, and ends its sessions. Not an administrator's.</summary>
    public Task<AdministrationOutcome> SuspendAsync(long id) => ChangeAsync(id, "suspended", async account =>
    {
        if (account.ApprovedAt is null || await IsAdministratorAsync(account))
            return AdministrationOutcome.NotFound;
        (account.ApprovedAt, account.SecurityStamp) = (null, Guid.NewGuid().ToString());
        return await TellAsync(
            account, ActivityKind.AccountSuspended, "The account was suspended and signed out. Its alerts are no longer mailed.");
    });

    /// <summary>Makes an approved account with a confirmed address an administrator's.</summary>
    public Task<AdministrationOutcome> MakeAdministratorAsync(long id) => ChangeAsync(id, "made an administrator",
        async account =>
    {
        if (account is not { ApprovedAt: not null, EmailConfirmed: true } || await IsAdministratorAsync(account))
            return AdministrationOutcome.NotFound;
        var role = await db.Roles.SingleAsync(r => r.Name == Roles.Administrator);
        db.Add(new IdentityUserRole<long> { UserId = id, RoleId = role.Id });
        return await TellAsync(account, ActivityKind.AdministratorMade, "The account is an administrator's from now on.");
    });

    /// <summary>Takes an administrator's rights away, unless there is no other.</summary>
    public Task<AdministrationOutcome> UnmakeAdministratorAsync(long id) => ChangeAsync(id, "no longer an administrator",
        async account =>
    {
        if (!await IsAdministratorAsync(account))
            return AdministrationOutcome.NotFound;
        if (await db.IsLastAdministratorAsync(id))
            return AdministrationOutcome.LastAdministrator;
        await db.UserRoles.Where(held => held.UserId == id).ExecuteDeleteAsync();
        return await TellAsync(account, ActivityKind.AdministratorUnmade, "The account is no longer an administrator's.");
    });

    /// <summary>Turns the second factor off for an owner who has lost it, and ends the account's sessions.</summary>
    public async Task<AdministrationOutcome> ResetSecondFactorAsync(long id) =>
        await db.Users.SingleOrDefaultAsync(a => a.Id == id && a.DeletedAt == null) is { } account
        && await factors.ResetAsync(account, ActivityActor.Administrator) is FactorChangeOutcome.Changed
            ? AdministrationOutcome.Done
            : AdministrationOutcome.NotFound;

    /// <summary>Removes a request for an account that nobody has approved. It owns nothing.</summary>
    public async Task<AdministrationOutcome> RemoveRequestAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var request = db.Users.Where(a => a.Id == id && a.ApprovedAt == null && a.RegisteredFrom != null);
        if (await request.Select(a => a.Email).SingleOrDefaultAsync() is not { } email)
            return AdministrationOutcome.NotFound;
        await db.Deliveries.Where(d => d.RecipientId == id).ExecuteDeleteAsync();
        await request.ExecuteDeleteAsync();
        activity.Add(id, ActivityKind.AccountRemoved, ActivityLog.Masked(email));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} removed", id);
        return AdministrationOutcome.Done;
    }

    private IQueryable<AccountOverview> Overviews(IQueryable<Account> accounts) => accounts.Select(a => new AccountOverview(
        a.Id, a.Name, a.Email!, a.EmailConfirmed, a.RegisteredAt, a.RegisteredFrom != null, a.ApprovedAt != null,
        db.UserRoles.Any(held => held.UserId == a.Id), a.TwoFactorEnabled, a.DeletedAt != null,
        db.Sessions.Where(s => s.AccountId == a.Id).Max(s => (DateTimeOffset?)s.LastSeenAt),
        db.KnownBrowsers.Where(b => b.AccountId == a.Id).Max(b => (DateTimeOffset?)b.LastAt)));

    private Task<bool> IsAdministratorAsync(Account account) => db.UserRoles.AnyAsync(held => held.UserId == account.Id);

    private async Task<AdministrationOutcome> TellAsync(Account account, ActivityKind kind, string line)
    {
        activity.Add(account.Id, kind);
        await notices.AddAsync(account, [line], kind: MailKind.AccountChanged);
        return AdministrationOutcome.Done;
    }

    /// <summary>Changes an account in one transaction, so that what was checked still holds.</summary>
    private async Task<AdministrationOutcome> ChangeAsync(
        long id, string what, Func<Account, Task<AdministrationOutcome>> change)
    {
        // BEGIN IMMEDIATE: of two administrators who unmake each other at once, one comes second
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Users.SingleOrDefaultAsync(a => a.Id == id && a.DeletedAt == null) is not { } account)
            return AdministrationOutcome.NotFound;
        var outcome = await change(account);
        if (outcome is not AdministrationOutcome.Done)
            return outcome;
        account.ConcurrencyStamp = Guid.NewGuid().ToString();
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} {Change}", id, what);
        return outcome;
    }
}

internal static class LastAdministrator
{
    /// <summary>Whether nobody could administrate without this account. Within the caller's transaction.</summary>
    public static async Task<bool> IsLastAdministratorAsync(this SentinelCamDbContext db, long id)
    {
        var administrators = await db.Administrators().Select(a => a.Id).ToListAsync();
        return administrators.Contains(id) && administrators.Count == 1;
    }
}
