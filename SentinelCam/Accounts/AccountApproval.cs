using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Approves, suspends and removes accounts, except administrators', so that nobody can lock everyone out.</summary>
public sealed class AccountApproval(
    SentinelCamDbContext db, ActivityLog activity, TimeProvider time, ILogger<AccountApproval> logger)
{
    /// <returns>False if no such account awaits approval, or its address is not confirmed.</returns>
    public async Task<bool> ApproveAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var done = await Others(id).Where(a => a.ApprovedAt == null && a.EmailConfirmed)
            .ExecuteUpdateAsync(set => set
                .SetProperty(a => a.ApprovedAt, time.GetUtcNow())
                .SetProperty(a => a.RegisteredFrom, (string?)null)
                .SetProperty(a => a.ConcurrencyStamp, Guid.NewGuid().ToString())) == 1;
        await NoteAsync(done, id, ActivityKind.AccountApproved);
        await transaction.CommitAsync();
        return Log(done, "approved", id);
    }

    /// <summary>Blocks an account until it is approved again, and ends its sessions.</summary>
    /// <returns>False if there is no such approved account.</returns>
    public async Task<bool> SuspendAsync(long id)
    {
        var stamp = Guid.NewGuid().ToString();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var done = await Others(id).Where(a => a.ApprovedAt != null)
            .ExecuteUpdateAsync(set => set
                .SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null)
                .SetProperty(a => a.SecurityStamp, stamp)
                .SetProperty(a => a.ConcurrencyStamp, stamp)) == 1;
        await NoteAsync(done, id, ActivityKind.AccountSuspended);
        await transaction.CommitAsync();
        return Log(done, "suspended", id);
    }

    /// <summary>Deletes an unapproved account. The administrators inherit its attempts and pictures, if any.</summary>
    /// <returns>False if there is no such account.</returns>
    public async Task<bool> RemoveAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var unapproved = Others(id).Where(a => a.ApprovedAt == null);
        await db.Deliveries.Where(d => d.State == DeliveryState.Waiting && unapproved.Any(a => a.Id == d.RecipientId))
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Failed)
                .SetProperty(d => d.LastReply, "Not sent because the account was removed."));
        var email = await unapproved.Select(a => a.Email).SingleOrDefaultAsync();
        var done = await unapproved.ExecuteDeleteAsync() == 1;
        await NoteAsync(done, id, ActivityKind.AccountRemoved, ActivityLog.Masked(email));
        await transaction.CommitAsync();
        return Log(done, "removed", id);
    }

    private IQueryable<Account> Others(long id) =>
        db.Users.Where(a => a.Id == id && !db.UserRoles.Any(held => held.UserId == a.Id));

    private async Task NoteAsync(bool done, long id, ActivityKind kind, string? detail = null)
    {
        if (!done)
            return;
        activity.Add(id, kind, detail);
        await db.SaveChangesAsync();
    }

    private bool Log(bool done, string what, long id)
    {
        if (done)
            logger.LogInformation("Account {AccountId} {Change}", id, what);
        return done;
    }
}
