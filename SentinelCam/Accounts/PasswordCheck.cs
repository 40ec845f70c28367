using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>
/// Compares a password with an account's. An unknown account costs the same hash, so that time tells nothing.
/// </summary>
/// <remarks>
/// Identity's own <c>SignInManager.PasswordSignInAsync</c> answers for locked accounts without hashing and counts failures
/// by read and write back, which lets parallel guesses slip past the lock-out. Here the hash is always computed,
/// and <c>LoginAttemptRecorder</c> counts and decides in one transaction.
/// </remarks>
public sealed class PasswordCheck(UserManager<Account> accounts, IPasswordHasher<Account> hasher, DecoyHash decoy)
{
    /// <summary>Hashing takes a core for a tenth of a second: a flood of guesses leaves one to pages and jobs.</summary>
    private static readonly SemaphoreSlim Cores = new(Math.Max(1, Environment.ProcessorCount - 1));

    /// <returns>The account that the mail address belongs to, if any, and whether the password is its own.</returns>
    public async Task<(Account? Account, bool PasswordIsRight)> CheckAsync(string email, string password)
    {
        var account = email.Length <= Registration.MaxEmailLength ? await accounts.FindByEmailAsync(email.Trim()) : null;
        await Cores.WaitAsync();
        PasswordVerificationResult result;
        try
        {
            result = hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, password);
        }
        finally
        {
            Cores.Release();
        }

        return (account, account is not null && result is not PasswordVerificationResult.Failed);
    }
}

/// <summary>The hash of a password that nobody knows, against which guesses at unknown accounts are checked.</summary>
public sealed class DecoyHash
{
    public DecoyHash(IOptions<PasswordHasherOptions> options) =>
        Hash = new PasswordHasher<Account>(options).HashPassword(Account, Guid.NewGuid().ToString());

    public Account Account { get; } = new();

    public string Hash { get; }
}
