using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Creates accounts as <see cref="RegistrationOptions"/> allows.</summary>
public sealed class Registration(
    SentinelCamDbContext db, UserManager<Account> accounts, IPasswordHasher<Account> hasher, RegistrationOptions options,
    SetupCode setupCode, WaitingRequests waiting, HashingSlots slots, ActivityLog activity,
    TimeProvider time, ILogger<Registration> logger)
{
    public const int MinPasswordLength = 12;
    public const int MaxPasswordLength = 128;
    public const int MaxUserNameLength = 64;

    /// <summary>The maximum number of accounts that await approval. More would bury the honest ones and fill the disk.</summary>
    public const int MaxWaiting = 50;

    public const int MaxEmailLength = TypedAccount.MaxLength;

    /// <summary>Whether the next account is the first one, which becomes the administrator.</summary>
    public async Task<bool> IsFirstAsync() => !await accounts.Users.AnyAsync();

    /// <param name="userName">The display name.</param>
    /// <param name="email">A mail address, see <see cref="IsMailAddress"/>.</param>
    /// <param name="password"><see cref="MinPasswordLength"/> to <see cref="MaxPasswordLength"/> characters.</param>
    /// <param name="typedSetupCode">Required for the first account if the visitor is not on this machine.</param>
    /// <param name="visitor">Who registers.</param>
    /// <param name="askToConfirm">
    /// Adds the mail that asks the new account's owner to confirm the address to the transaction, or, for null, a row that takes
    /// as long to write. Null where there is no mail server, so that nobody could confirm anything.
    /// </param>
    public async Task<RegistrationOutcome> RegisterAsync(
        string userName, string email, string password, string? typedSetupCode, Visitor visitor,
        Action<Account?>? askToConfirm = null)
    {
        if (await RefusalAsync(typedSetupCode, visitor, askToConfirm is not null) is { } early)
            return early;
        var account = new Account
        {
            UserName = email,
            Name = userName,
            Email = email,
            RegisteredAt = time.GetUtcNow(),
            SecurityStamp = Guid.NewGuid().ToString(),
        };
        // Before the transaction, which would keep attempts from being recorded for the tenth of a second that hashing takes
        if (!await slots.RunAsync(
                VisitorLine.OfStranger(visitor), () => account.PasswordHash = hasher.HashPassword(account, password)))
            return RegistrationOutcome.TooBusy;

        await using var transaction = await db.Database.BeginTransactionAsync();
        await waiting.RemoveExpiredAsync(db);
        if (await RefusalAsync(typedSetupCode, visitor, askToConfirm is not null) is { } refusal)
            return refusal;
        var first = await IsFirstAsync();
        // The first administrator has shown that the machine is theirs, and must get in even if the mail server does not work yet
        var mustConfirm = askToConfirm is not null && !first;
        if (await accounts.FindByEmailAsync(email) is not null)
        {
            // Open registration without mail cannot hide which addresses have an account; otherwise registration can
            if (!mustConfirm && (options.Mode is RegistrationMode.Open || first))
                return RegistrationOutcome.EmailTaken;
            waiting.AddFutile(visitor);
            if (!mustConfirm)
                return RegistrationOutcome.AwaitsApproval;
            askToConfirm!(null);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            return RegistrationOutcome.AwaitsConfirmation;
        }

        account.EmailConfirmed = !mustConfirm;
        if (first || (options.Mode is RegistrationMode.Open && !mustConfirm))
            account.ApprovedAt = account.RegisteredAt;
        else
            account.RegisteredFrom = WaitingRequests.NetworkOf(visitor);
        var created = await accounts.CreateAsync(account);
        if (!created.Succeeded)
            return RegistrationOutcome.EmailNotAllowed;
        if (first)
            await accounts.AddToRoleAsync(account, Roles.Administrator);
        if (mustConfirm)
            askToConfirm!(account);
        activity.Add(account.Id, ActivityKind.Registered, first ? "the first account, an administrator" : null,
            ActivityActor.Visitor);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();

        logger.LogInformation("Account {AccountId} registered, {Standing:l}", account.Id,
            first ? "first account, administrator"
                : mustConfirm ? "address not confirmed"
                : account.ApprovedAt is null ? "awaiting approval" : "approved");
        if (account.ApprovedAt is null)
            return mustConfirm ? RegistrationOutcome.AwaitsConfirmation : RegistrationOutcome.AwaitsApproval;
        return RegistrationOutcome.Registered;
    }

    /// <returns>Why the visitor may not register now; null if they may.</returns>
    private async Task<RegistrationOutcome?> RefusalAsync(string? typedSetupCode, Visitor visitor, bool isConfirmed)
    {
        if (await IsFirstAsync())
            return visitor.IsThisMachine || await setupCode.MatchesAsync(typedSetupCode)
                ? null
                : RegistrationOutcome.SetupCodeNeeded;
        if (options.Mode is RegistrationMode.Closed)
            return RegistrationOutcome.Closed;
        // Checked before the mail address is looked up, so that the refusal does not depend on it
        return (options.Mode is RegistrationMode.Approval || isConfirmed) && !await waiting.HasRoomAsync(db, visitor)
            ? RegistrationOutcome.TooManyWaiting
            : null;
    }

    /// <summary>Whether the text can be a user name.</summary>
    public static bool IsUserName(string text) =>
        text is { Length: > 0 and <= MaxUserNameLength } && VisitorText.Clean(text, MaxUserNameLength) == text;

    /// <summary>Whether the text is one mail address and nothing else.</summary>
    public static bool IsMailAddress(string? text) =>
        text is { Length: > 2 and <= MaxEmailLength }
        && !text.Any(character => char.IsControl(character) || char.IsWhiteSpace(character)
            || character is '<' or '>' or '"' or ',' or ';' or ':' or '\\' or '(' or ')')
        && text.IndexOf('@') is var at && at is > 0 and <= 64 && at == text.LastIndexOf('@') && at < text.Length - 1
        && VisitorText.Clean(text, MaxEmailLength) == text
        && MailboxAddress.TryParse(text, out var mailbox) && mailbox.Address == text;
}

/// <summary>The result of a registration.</summary>
public enum RegistrationOutcome
{
    Registered,
    AwaitsApproval,

    /// <summary>
    /// A mail asks the owner of the address to confirm it; or the address has an account, and nothing is mailed.
    /// </summary>
    AwaitsConfirmation,

    Closed,
    SetupCodeNeeded,
    EmailTaken,
    EmailNotAllowed,

    /// <summary>Too many accounts await approval.</summary>
    TooManyWaiting,

    /// <summary>Too many passwords waited to be hashed.</summary>
    TooBusy,
}
