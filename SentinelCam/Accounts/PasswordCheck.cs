using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
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
    SentinelCamDbContext db, ILookupNormalizer normalizer, IPasswordHasher<Account> hasher, DecoyHash decoy, HashingSlots slots,
    KnownBrowsers browsers)
{
    /// <summary>Finds the account with a mail address, and whether it has signed in in this browser before.</summary>
    /// <param name="email">The address, as typed.</param>
    /// <param name="keyOf">The key that the browser has for an account.</param>
    /// <returns>The account, and the id of its <see cref="KnownBrowser"/>; null for a stranger.</returns>
    /// <remarks>
    /// Not by <c>UserManager</c>, which ends its queries when the visitor disconnects: that visitor must be recorded too.
    /// </remarks>
    public async Task<(Account? Account, long? BrowserId)> FindAsync(string email, Func<long, string?> keyOf)
    {
        ArgumentNullException.ThrowIfNull(email);
        ArgumentNullException.ThrowIfNull(keyOf);
        var name = email.Length <= Registration.MaxEmailLength ? normalizer.NormalizeEmail(email.Trim()) : null;
        var account = await db.Users.SingleOrDefaultAsync(a => a.NormalizedEmail == name && name != null);
        var id = account?.Id ?? 0;
        return (account, await browsers.FindAsync(id, keyOf(id)));
    }

    /// <summary>Verifies a password. Without an account, verifies it against the decoy.</summary>
    public async Task<PasswordVerdict> VerifyAsync(Account? account, string password, VisitorLine line)
    {
        var result = PasswordVerificationResult.Failed;
        var inTime = await slots.RunAsync(line, () => result =
            hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, password));
        return !inTime ? PasswordVerdict.NotChecked
            : account is not null && result is not PasswordVerificationResult.Failed ? PasswordVerdict.Right
            : PasswordVerdict.Wrong;
    }
}

/// <summary>The result of a password check.</summary>
public enum PasswordVerdict
{
    Right,

    /// <summary>It is wrong, or there is no account.</summary>
    Wrong,

    /// <summary>Too many passwords waited to be checked.</summary>
    NotChecked,
}

/// <summary>The hash of a random password, against which guesses at unknown accounts are verified.</summary>
public sealed class DecoyHash
{
    public DecoyHash(IOptions<PasswordHasherOptions> options) =>
        Hash = new PasswordHasher<Account>(options).HashPassword(Account, Guid.NewGuid().ToString());

    public Account Account { get; } = new();

    public string Hash { get; }
}
