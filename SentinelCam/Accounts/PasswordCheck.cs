using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Compares a password with an account's. An unknown account costs the same hash, so response times tell nothing.</summary>
/// <remarks>
/// Identity's own <c>SignInManager.PasswordSignInAsync</c> answers for locked accounts without hashing, and counts failures by reading
/// and writing back, which lets parallel guesses slip past the lock-out. Here the hash is always computed, and
/// <see cref="SignInPolicy"/> counts in one transaction.
/// </remarks>
public sealed class PasswordCheck(UserManager<Account> accounts, IPasswordHasher<Account> hasher, DecoyHash decoy, HashingSlots slots)
{
    /// <returns>The account that the mail address belongs to, if any, and whether the password is its own.</returns>
    public async Task<(Account? Account, bool PasswordIsRight)> CheckAsync(string email, string password)
    {
        var account = email.Length <= Registration.MaxEmailLength ? await accounts.FindByEmailAsync(email.Trim()) : null;
        return (account, await IsRightAsync(account, password));
    }

    /// <summary>Whether a password is the account's; for null the decoy is hashed and the answer is false.</summary>
    public async Task<bool> IsRightAsync(Account? account, string password)
    {
        var result = await slots.RunAsync(() =>
            hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, password));
        return account is not null && result is not PasswordVerificationResult.Failed;
    }
}

/// <summary>The hash of a password that nobody knows. Guesses at unknown accounts are checked against it.</summary>
public sealed class DecoyHash
{
    public DecoyHash(IOptions<PasswordHasherOptions> options) =>
        Hash = new PasswordHasher<Account>(options).HashPassword(Account, Guid.NewGuid().ToString());

    public Account Account { get; } = new();

    public string Hash { get; }
}
