using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Makes accounts, as far as <see cref="RegistrationOptions"/> allow.</summary>
public sealed class Registration(
    SentinelCamDbContext db, UserManager<Account> accounts, IPasswordHasher<Account> hasher, RegistrationOptions options,
    SetupCode setupCode, TimeProvider time, ILogger<Registration> logger)
{
    public const int MinPasswordLength = 12;
    public const int MaxPasswordLength = 128;
    public const int MaxUserNameLength = 64;

    /// <summary>Accounts that wait for an administrator, at most: more would bury the honest ones, and fill the disk.</summary>
    public const int MaxWaiting = 50;

    public const int MaxEmailLength = TypedAccount.MaxLength;

    /// <summary>Whether the next account is the first, and so the administrator.</summary>
    public async Task<bool> IsFirstAsync() => !await accounts.Users.AnyAsync();

    /// <param name="userName">What the person calls themselves.</param>
    /// <param name="email">A mail address, see <see cref="IsMailAddress"/>.</param>
    /// <param name="password">Of <see cref="MinPasswordLength"/> to <see cref="MaxPasswordLength"/> characters.</param>
    /// <param name="typedSetupCode">For the first account, where the visitor is not on this machine.</param>
    /// <param name="visitor">Who registers.</param>
    public async Task<RegistrationOutcome> RegisterAsync(string userName, string email, string password, string? typedSetupCode, Visitor visitor)
    {
        if (await RefusalAsync(typedSetupCode, visitor) is { } early)
            return early;
        var account = new Account { UserName = email, Name = userName, Email = email, RegisteredAt = time.GetUtcNow(), SecurityStamp = Guid.NewGuid().ToString() };
        // Before the transaction: hashing takes a tenth of a second, in which no attempt could be recorded
        account.PasswordHash = hasher.HashPassword(account, password);

        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await RefusalAsync(typedSetupCode, visitor) is { } refusal)
            return refusal;
        var first = await IsFirstAsync();
        if (await accounts.FindByEmailAsync(email) is not null)
            // Open registration cannot hide who has an account; one that waits for an administrator can, and does
            return options.Mode is RegistrationMode.Open || first ? RegistrationOutcome.EmailTaken : RegistrationOutcome.AwaitsApproval;

        if (first || options.Mode is RegistrationMode.Open)
            account.ApprovedAt = account.RegisteredAt;
        var created = await accounts.CreateAsync(account);
        if (!created.Succeeded)
            return RegistrationOutcome.EmailNotAllowed;
        if (first)
            await accounts.AddToRoleAsync(account, Roles.Administrator);
        await transaction.CommitAsync();

        logger.LogInformation("Account {AccountId} registered, {Standing:l}", account.Id,
            first ? "the first one: administrator" : account.ApprovedAt is null ? "awaiting approval" : "approved");
        return account.ApprovedAt is null ? RegistrationOutcome.AwaitsApproval : RegistrationOutcome.Registered;
    }

    /// <returns>Why nobody like this visitor may register now; null where they may.</returns>
    private async Task<RegistrationOutcome?> RefusalAsync(string? typedSetupCode, Visitor visitor)
    {
        if (await IsFirstAsync())
            return visitor.IsThisMachine || setupCode.Matches(typedSetupCode) ? null : RegistrationOutcome.SetupCodeNeeded;
        if (options.Mode is RegistrationMode.Closed)
            return RegistrationOutcome.Closed;
        // Asked before the mail address is looked up: the refusal is the same for all. Who has the last place can still tell a little by it,
        // since an address that has an account takes none.
        return options.Mode is RegistrationMode.Approval && await db.Users.CountAsync(a => a.ApprovedAt == null) >= MaxWaiting ? RegistrationOutcome.TooManyWaiting : null;
    }

    /// <summary>Whether a mail can be addressed to this text, and nothing else hides in it.</summary>
    public static bool IsMailAddress(string? text) =>
        text is { Length: > 2 and <= MaxEmailLength }
        && !text.Any(character => char.IsControl(character) || char.IsWhiteSpace(character) || character is '<' or '>' or '"' or ',' or ';' or ':' or '\\' or '(' or ')')
        && text.IndexOf('@') is var at && at is > 0 and <= 64 && at == text.LastIndexOf('@') && at < text.Length - 1
        && VisitorText.Clean(text, MaxEmailLength) == text
        && MailboxAddress.TryParse(text, out var mailbox) && mailbox.Address == text;
}

/// <summary>What became of a registration.</summary>
public enum RegistrationOutcome
{
    Registered,
    AwaitsApproval,
    Closed,
    SetupCodeNeeded,
    EmailTaken,
    EmailNotAllowed,

    /// <summary>So many accounts wait for an administrator that no more are taken.</summary>
    TooManyWaiting,
}
