using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Mail;
using SentinelCam.Snapshots;
using SentinelCam.Visitors;

namespace SentinelCam.People;

/// <summary>The result of deleting an account.</summary>
public enum DeletionOutcome
{
    Deleted,

    /// <summary>The account can do nothing any more. What could not be deleted yet is tried again every hour.</summary>
    Begun,

    NotFound,

    /// <summary>The address that was typed to confirm is not the account's.</summary>
    OtherAddress,

    /// <summary>Nobody could administrate without it.</summary>
    LastAdministrator,
}

/// <summary>
/// Deletes an account with its pictures, entries, mails and everything else that names it. Attempts are kept without a name, as
/// <see cref="DeletionOptions"/> says.
/// </summary>
/// <remarks>
/// The account is marked first, which ends everything it can do. Its row goes last, in a transaction that finds nothing else
/// left. What is added meanwhile, or was left by a crash, is found by the next run. Each step is a short transaction in a turn
/// like that of an attempt.
/// </remarks>
public sealed class AccountDeletion(
    SentinelCamDbContext db, IPictureStore store, OutboxReader outbox, DeliveryPlan deliveries, DeletionOptions options,
    ActivityLog activity, RecordingTurns turns, TimeProvider time, ILogger<AccountDeletion> logger)
{
    private const int RowsPerStep = 200;

    private static readonly VisitorLine Line = new("deletion", IsKnown: false);

    /// <summary>Deletes an account.</summary>
    /// <param name="id">The account.</param>
    /// <param name="typed">The address, as typed to confirm.</param>
    /// <param name="byOwner">Whether its owner does it, and not an administrator.</param>
    public async Task<DeletionOutcome> DeleteAsync(long id, string? typed, bool byOwner)
    {
        var begun = await BeginAsync(id, typed, byOwner);
        if (begun is not DeletionOutcome.Begun)
            return begun;
        return await TryFinishAsync(id) ? DeletionOutcome.Deleted : DeletionOutcome.Begun;
    }

    /// <summary>Finishes what a crash or a fault has interrupted.</summary>
    public async Task FinishAllAsync(CancellationToken cancellationToken)
    {
        foreach (var id in await db.Users.Where(a => a.DeletedAt != null).Select(a => a.Id).ToListAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await TryFinishAsync(id);
        }
    }

    private async Task<DeletionOutcome> BeginAsync(long id, string? typed, bool byOwner)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Users.SingleOrDefaultAsync(a => a.Id == id && a.DeletedAt == null) is not { Email: { } email } account)
            return DeletionOutcome.NotFound;
        if (!string.Equals(typed?.Trim(), email, StringComparison.OrdinalIgnoreCase))
            return DeletionOutcome.OtherAddress;
        if (await db.IsLastAdministratorAsync(id))
            return DeletionOutcome.LastAdministrator;
        (account.DeletedAt, account.ApprovedAt) = (time.GetUtcNow(), null);
        account.SecurityStamp = account.ConcurrencyStamp = Guid.NewGuid().ToString();
        await db.UserRoles.Where(held => held.UserId == id).ExecuteDeleteAsync();
        await db.Sessions.Where(s => s.AccountId == id).ExecuteDeleteAsync();
        await db.KnownBrowsers.Where(b => b.AccountId == id).ExecuteDeleteAsync();
        // Whoever gets an account with the earlier address of another could otherwise destroy the link that undoes the change
        await db.AccountLinks.Where(l => l.AccountId == id || (l.Purpose != LinkPurpose.UndoAddress
            && SentinelCamDbContext.Lower(l.Address) == SentinelCamDbContext.Lower(email))).ExecuteDeleteAsync();
        await db.Deliveries.Where(d => d.RecipientId == id && d.State == DeliveryState.Waiting).ExecuteDeleteAsync();
        // A capture that is running finds that its picture is no longer wanted
        await db.ImageLog.Where(e => e.OwnerId == id && e.CaptureState == CaptureState.Waiting)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureState, CaptureState.Failed));
        if (account.EmailConfirmed)
        {
            deliveries.AddNotice(MailKind.AccountDeleted, null, email).Changes = byOwner
                ? "Somebody who is signed in and entered the password again did this."
                : "An administrator did this.";
        }

        activity.Add(id, byOwner ? ActivityKind.AccountDeleted : ActivityKind.AccountRemoved, ActivityLog.Masked(email));
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        db.ChangeTracker.Clear();
        logger.LogInformation("Account {AccountId} is being deleted", id);
        return DeletionOutcome.Begun;
    }

    /// <returns>False if it is to be tried again.</returns>
    private async Task<bool> TryFinishAsync(long id)
    {
        try
        {
            await FinishAsync(id);
            logger.LogInformation("Account {AccountId} was deleted", id);
            return true;
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DbException or DbUpdateException
            or InvalidOperationException)
        {
            db.ChangeTracker.Clear();
            logger.LogError("The deletion of account {AccountId} is not finished, and is tried again within the hour: {Problem}",
                id, (error.InnerException ?? error).Message);
            return false;
        }
    }

    private async Task FinishAsync(long id)
    {
        if (await db.Users.Where(a => a.Id == id && a.DeletedAt != null).Select(a => a.Email).SingleOrDefaultAsync()
            is not { } email)
            return;
        var typed = TypedAccount.Kept(email);
        do
        {
            await RepeatAsync(() => DeletePicturesAsync(id));
            await RepeatAsync(() => DeleteMailsAsync(id, email));
            // Before the entries, whose search index is derived from them
            await EachAsync(db.LoginAttempts.Where(a => a.OwnerId == id
                || (a.OwnerId == null && SentinelCamDbContext.Lower(a.AccountTyped) == SentinelCamDbContext.Lower(typed)))
                .Select(a => a.Id),
                NeutralizeAttemptsAsync);
            await EachAsync(db.ImageLog.Where(e => e.OwnerId == id).Select(e => e.Id), ReleaseEntriesAsync);
            await EachAsync(db.Alerts.Where(a => a.OwnerId == id
                || (a.OwnerId == null && SentinelCamDbContext.Lower(a.AccountTyped) == SentinelCamDbContext.Lower(typed)))
                .Select(a => a.Id),
                NeutralizeAlertsAsync);
        }
        while (await StepAsync(() => DeleteRowAsync(id)) == 0);
    }

    /// <summary>
    /// Files go before their rows, unlike elsewhere: nobody can see these rows any more, and after a crash, rows are found again.
    /// </summary>
    private async Task<int> DeletePicturesAsync(long id)
    {
        var pictures = await db.Snapshots.AsNoTracking().Include(s => s.Strip)
            .Where(s => db.ImageLog.Any(e => e.Id == s.EntryId && e.OwnerId == id)).Take(RowsPerStep).ToListAsync();
        foreach (var name in pictures.SelectMany(s => s.FileNames()))
            store.Delete(name);
        var ids = pictures.ConvertAll(s => s.Id);
        await db.Snapshots.Where(s => ids.Contains(s.Id)).ExecuteDeleteAsync();
        return pictures.Count;
    }

    private async Task<int> DeleteMailsAsync(long id, string email)
    {
        var mails = await db.Deliveries
            .Where(d => d.RecipientId == id || (d.Kind == MailKind.Invitation
                && SentinelCamDbContext.Lower(d.Recipient) == SentinelCamDbContext.Lower(email)))
            .Take(RowsPerStep).Select(d => new { d.Id, d.CreatedAt, d.MessageId }).ToListAsync();
        // Without a mail server, they are files with pictures
        foreach (var mail in mails)
            outbox.Delete(mail.CreatedAt, mail.MessageId);
        var ids = mails.ConvertAll(m => m.Id);
        await db.Deliveries.Where(d => ids.Contains(d.Id)).ExecuteDeleteAsync();
        return mails.Count;
    }

    private async Task NeutralizeAttemptsAsync(long[] ids)
    {
        await db.LoginAttempts.Where(a => ids.Contains(a.Id)).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.OwnerId, (long?)null)
            .SetProperty(a => a.AccountTyped, LoginAttempt.DeletedAccount)
            .SetProperty(a => a.Caller, (string?)null));
        // Their entries are indexed again, without the name
        await db.ImageLog.Where(e => e.OwnerId == null && ids.Contains(e.LoginAttemptId!.Value))
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.OwnerId, (long?)null));
    }

    private async Task ReleaseEntriesAsync(long[] ids)
    {
        var entries = db.ImageLog.Where(e => ids.Contains(e.Id));
        // Pictures that the owner requested are no attempts
        await (options.Attempts is DeletedAttempts.Nobody ? entries.Where(e => e.LoginAttemptId == null) : entries)
            .ExecuteDeleteAsync();
        await entries.ExecuteUpdateAsync(set => set
            .SetProperty(e => e.OwnerId, (long?)null)
            .SetProperty(e => e.MailState, (MailState?)null)
            .SetProperty(e => e.CaptureState, CaptureState.Failed)
            .SetProperty(e => e.CaptureProblem, "The account was deleted with its pictures."));
    }

    private Task NeutralizeAlertsAsync(long[] ids)
    {
        var now = time.GetUtcNow();
        return db.Alerts.Where(a => ids.Contains(a.Id)).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.OwnerId, (long?)null)
            .SetProperty(a => a.AccountTyped, LoginAttempt.DeletedAccount)
            // At the device, it is the name of the user
            .SetProperty(a => a.RemoteNetwork, a => a.Origin == AttemptOrigin.AtDevice ? "user" : a.RemoteNetwork)
            // No attempt of somebody else joins it, and nobody gets its summary
            .SetProperty(a => a.ClosesAt, now)
            .SetProperty(a => a.ClosedAt, a => a.ClosedAt ?? now)
            .SetProperty(a => a.NeedsSummary, false));
    }

    /// <returns>1 if the row is gone; 0 if something was added meanwhile.</returns>
    private async Task<int> DeleteRowAsync(long id)
    {
        if (await db.ImageLog.AnyAsync(e => e.OwnerId == id) || await db.LoginAttempts.AnyAsync(a => a.OwnerId == id)
            || await db.Alerts.AnyAsync(a => a.OwnerId == id) || await db.Deliveries.AnyAsync(d => d.RecipientId == id))
            return 0;
        await db.Database.ExecuteSqlAsync($"""DELETE FROM "AttemptDays" WHERE "OwnerId" = {id}""");
        // Sessions, browsers, links, factors and users of the device go with it
        await db.Users.Where(a => a.Id == id).ExecuteDeleteAsync();
        return 1;
    }

    private async Task RepeatAsync(Func<Task<int>> step)
    {
        int done;
        do
            done = await StepAsync(step);
        while (done > 0);
    }

    private async Task EachAsync(IQueryable<long> rows, Func<long[], Task> step)
    {
        foreach (var ids in (await rows.ToListAsync()).Chunk(RowsPerStep))
            await StepAsync(async () =>
            {
                await step(ids);
                return ids.Length;
            });
    }

    private async Task<int> StepAsync(Func<Task<int>> step)
    {
        using var turn = await turns.WaitAsync(Line);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var done = await step();
        await transaction.CommitAsync();
        return done;
    }
}
