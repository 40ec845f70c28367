using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Verifies passwords. Unknown accounts cost the same hash, so that response times do not reveal them.</summary>
/// <remarks>
/// Identity's own <c>SignInManager.PasswordSignInAsync</c> answers for locked accounts without hashing, and counts failures by
/// read and write-back, which lets parallel guesses bypass the lockout. Here the hash is always computed, and
/// <see cref="SignInPolicy"/> counts in one transaction.
/// </remarks>
public sealed class PasswordCheck(
    UserManager<Account> accounts, IPasswordHasher<Account> hasher, DecoyHash decoy, HashingSlots slots)
{
    /// <returns>The account with the mail address, if any, and whether the password is right.</returns>
    public async Task<(Account? Account, bool PasswordIsRight)> CheckAsync(string email, string password)
    {
        var account = email.Length <= Registration.MaxEmailLength ? await accounts.FindByEmailAsync(email.Trim()) : null;
        return (account, await IsRightAsync(account, password));
    }

    /// <summary>Whether the password is right. Without an account, verifies against the decoy and returns false.</summary>
    public async Task<bool> IsRightAsync(Account? account, string password)
    {
        var result = await slots.RunAsync(() =>
            hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, password));
        return account is not null && result is not PasswordVerificationResult.Failed;
    }
}

/// <summary>The hash of a random password, against which guesses at unknown accounts are verified.</summary>
public sealed class DecoyHash
{
    public DecoyHash(IOptions<PasswordHasherOptions> options) =>
        Hash = new PasswordHasher<Account>(options).HashPassword(Account, Guid.NewGuid().ToString());

    public Account Account { get; } = new();

    public string Hash { get; }
}
