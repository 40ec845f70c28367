using System.Buffers.Text;
using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of a change of an account's passkeys.</summary>
public enum PasskeyChangeOutcome
{
    Changed,

    /// <summary>The browser's answer cannot be used, or came too late.</summary>
    NotAccepted,

    /// <summary>The account has as many as it can have.</summary>
    TooMany,

    /// <summary>The account has no such passkey.</summary>
    NotFound,

    /// <summary>The database is not writable, so nothing was changed.</summary>
    NotSaved,
}

/// <summary>A passkey as its owner sees it.</summary>
/// <param name="Id">Its credential id, as browsers write it.</param>
/// <param name="Name">The name that its owner has given it.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="LastUsedAt">When it was last accepted; null if it never was.</param>
public sealed record OwnPasskey(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <summary>
/// Lists, adds, renames and removes an account's passkeys, and notifies its owner. Nobody is locked out without them: the
/// password stays.
/// </summary>
public sealed class PasskeyChange(
    SentinelCamDbContext db, UserManager<Account> accounts, IPasskeyHandler<Account> handler, PasskeyChallenges challenges,
    AlertNotices notices, ActivityLog activity, ILogger<PasskeyChange> logger)
{
    /// <summary>The most passkeys of an account.</summary>
    public const int MaxPerAccount = 20;

    /// <summary>The longest name, in UTF-16 units.</summary>
    public const int MaxNameLength = 60;

    /// <summary>How much of a problem is logged. It can quote the browser's answer.</summary>
    private const int MaxProblemLength = 200;

    /// <summary>An account's passkeys, the oldest first.</summary>
    public async Task<IReadOnlyList<OwnPasskey>> ListAsync(long accountId) =>
    [
        .. (await db.UserPasskeys.AsNoTracking().Where(p => p.UserId == accountId)
                .Select(p => new { p.CredentialId, p.Data, At = EF.Property<DateTimeOffset?>(p, PasskeyColumns.LastUsedAt) })
                .ToListAsync())
            .Select(p => new OwnPasskey(
                Base64Url.EncodeToString(p.CredentialId), p.Data.Name ?? "", p.Data.CreatedAt, p.At))
            .OrderBy(p => p.CreatedAt),
    ];

    /// <summary>Adds a passkey that the browser has made.</summary>
    /// <param name="account">Who is signed in, and has proved it again.</param>
    /// <param name="answer">The browser's answer to a challenge for <see cref="PasskeyPurpose.Add"/>.</param>
    /// <param name="session">In which session.</param>
    /// <param name="name">What to call it, as typed; the browser's name if it is empty.</param>
    /// <param name="context">The request.</param>
    public async Task<PasskeyChangeOutcome> AddAsync(
        Account account, PasskeyAnswer answer, LiveSession session, string? name, HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.IsTooLong || challenges.Open(PasskeyPurpose.Add(session), answer.State) is not { } state)
            return PasskeyChangeOutcome.NotAccepted;
        return await SaveAsync(async () =>
        {
            // Another addition may have changed it since
            await db.Entry(account).ReloadAsync();
            if (await db.UserPasskeys.CountAsync(p => p.UserId == account.Id) >= MaxPerAccount)
                return PasskeyChangeOutcome.TooMany;
            var made = await handler.PerformAttestationAsync(new PasskeyAttestationContext
            {
                CredentialJson = answer.Credential,
                AttestationState = state,
                HttpContext = context,
            });
            if (!made.Succeeded || made.UserEntity.Id != await accounts.GetUserIdAsync(account))
            {
                logger.LogWarning("A passkey of account {AccountId} was not accepted: {Problem}",
                    account.Id, VisitorText.Clean(made.Failure?.Message, MaxProblemLength));
                return PasskeyChangeOutcome.NotAccepted;
            }

            // Otherwise a copy of the request would add a passkey again that its owner has removed
            if (!await challenges.UseAsync(state))
                return PasskeyChangeOutcome.NotAccepted;
            made.Passkey.Name = NameFrom(name, context);
            await notices.AddAsync(
                account,
                [$"A passkey was added: {made.Passkey.Name}. Whoever has it can sign in without the password."],
                always: true);
            activity.Add(account.Id, ActivityKind.PasskeyAdded, made.Passkey.Name);
            // Saves the rest, too
            return (await accounts.AddOrUpdatePasskeyAsync(account, made.Passkey)).Succeeded
                ? PasskeyChangeOutcome.Changed
                : PasskeyChangeOutcome.NotSaved;
        }, "added", account.Id);
    }

    /// <summary>Renames a passkey.</summary>
    public Task<PasskeyChangeOutcome> RenameAsync(Account account, string? id, string? name, HttpContext context) =>
        ChangeAsync(account, id, "renamed", passkey =>
        {
            passkey.Data.Name = NameFrom(name, context);
            activity.Add(account.Id, ActivityKind.PasskeyRenamed, passkey.Data.Name);
            return Task.CompletedTask;
        });

    /// <summary>Removes a passkey, which can no longer sign in.</summary>
    public Task<PasskeyChangeOutcome> RemoveAsync(Account account, string? id) =>
        ChangeAsync(account, id, "removed", passkey =>
        {
            db.UserPasskeys.Remove(passkey);
            activity.Add(account.Id, ActivityKind.PasskeyRemoved, passkey.Data.Name);
            return notices.AddAsync(
                account, [$"A passkey was removed: {passkey.Data.Name}. It can no longer be used to sign in."], always: true);
        });

    private static string NameFrom(string? typed, HttpContext context) =>
        VisitorText.Clean(typed, MaxNameLength) is { Length: > 0 } name ? name
            : BrowserWords.Of(Visitor.Of(context).UserAgent) is { Length: > 0 } browser ? browser
            : "Passkey";

    private Task<PasskeyChangeOutcome> ChangeAsync(
        Account account, string? id, string what, Func<IdentityUserPasskey<long>, Task> change) => SaveAsync(async () =>
    {
        var credentialId = Base64Url.IsValid(id) ? Base64Url.DecodeFromChars(id) : [];
        if (await db.UserPasskeys.SingleOrDefaultAsync(p => p.UserId == account.Id && p.CredentialId == credentialId)
            is not { } passkey)
            return PasskeyChangeOutcome.NotFound;
        await change(passkey);
        await db.SaveChangesAsync();
        return PasskeyChangeOutcome.Changed;
    }, what, account.Id);

    private async Task<PasskeyChangeOutcome> SaveAsync(
        Func<Task<PasskeyChangeOutcome>> change, string what, long accountId)
    {
        try
        {
            // BEGIN IMMEDIATE, so that parallel additions pass no limit
            await using var transaction = await db.Database.BeginTransactionAsync();
            var outcome = await change();
            if (outcome is not PasskeyChangeOutcome.Changed)
                return outcome;
            await transaction.CommitAsync();
            logger.LogInformation("A passkey of account {AccountId} was {Change}", accountId, what);
            return outcome;
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("A passkey could not be {Change}: {Problem}", what, (error.InnerException ?? error).Message);
            return PasskeyChangeOutcome.NotSaved;
        }
    }
}
