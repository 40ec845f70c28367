using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>What an administrator does to other accounts. Administrators' own are left alone, so that nobody locks everybody out.</summary>
public sealed class AccountApproval(SentinelCamDbContext db, TimeProvider time, ILogger<AccountApproval> logger)
{
    /// <returns>False where there is no such account waiting.</returns>
    public async Task<bool> ApproveAsync(long id)
    {
        var done = await Others(id).Where(a => a.ApprovedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ApprovedAt, time.GetUtcNow()).SetProperty(a => a.ConcurrencyStamp, Guid.NewGuid().ToString())) == 1;
        return Log(done, "approved", id);
    }

    /// <summary>Keeps the account out until it is approved again, and signs it out within a minute.</summary>
    /// <returns>False where there is no such approved account.</returns>
    public async Task<bool> SuspendAsync(long id)
    {
        var stamp = Guid.NewGuid().ToString();
        var done = await Others(id).Where(a => a.ApprovedAt != null)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null).SetProperty(a => a.SecurityStamp, stamp)
                .SetProperty(a => a.ConcurrencyStamp, stamp)) == 1;
        return Log(done, "suspended", id);
    }

    /// <summary>Removes an account that is not approved. Its attempts and pictures, if any, go to the administrators.</summary>
    /// <returns>False where there is no such account.</returns>
    public async Task<bool> RemoveAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var unapproved = Others(id).Where(a => a.ApprovedAt == null);
        await db.Deliveries.Where(d => d.State == DeliveryState.Waiting && unapproved.Any(a => a.Id == d.RecipientId))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Failed).SetProperty(d => d.LastReply, "Not sent: the account was removed."));
        var done = await unapproved.ExecuteDeleteAsync() == 1;
        await transaction.CommitAsync();
        return Log(done, "removed", id);
    }

    private IQueryable<Account> Others(long id) => db.Users.Where(a => a.Id == id && !db.UserRoles.Any(held => held.UserId == a.Id));

    private bool Log(bool done, string what, long id)
    {
        if (done)
            logger.LogInformation("Account {AccountId} {Change}", id, what);
        return done;
    }
}
