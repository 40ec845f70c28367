using System.Buffers.Binary;
using System.Data.Common;
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
    KnownBrowsers browsers, IOptions<PasswordHasherOptions> options, ILogger<PasswordCheck> logger)
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
        ArgumentNullException.ThrowIfNull(password);
        // One character more than any password has is enough to be wrong
        if (password.Length > Registration.MaxPasswordLength)
            password = password[..(Registration.MaxPasswordLength + 1)];
        var result = PasswordVerificationResult.Failed;
        var inTime = await slots.RunAsync(line, () => result =
            hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, password));
        return !inTime ? PasswordVerdict.NotChecked
            : account is not null && result is not PasswordVerificationResult.Failed ? PasswordVerdict.Right
            : PasswordVerdict.Wrong;
    }

    /// <summary>
    /// After a sign-in, replaces a hash that was made with fewer rounds than now. A database that cannot be written, or a flood,
    /// keeps nobody out: the next sign-in tries again.
    /// </summary>
    /// <param name="account">Who has signed in. Not changed: the row is.</param>
    /// <param name="password">The right password.</param>
    /// <param name="line">Where the hash waits.</param>
    public async Task RenewHashAsync(Account account, string password, VisitorLine line)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (account.PasswordHash is not { } old || RoundsOf(old) >= options.Value.IterationCount)
            return;
        var renewed = "";
        if (!await slots.RunAsync(line, () => renewed = hasher.HashPassword(account, password)))
            return;
        try
        {
            // Not if the password was changed meanwhile
            await db.Users.Where(a => a.Id == account.Id && a.PasswordHash == old)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.PasswordHash, renewed));
        }
        catch (DbException error)
        {
            logger.LogWarning("A password hash could not be renewed: {Problem}", error.Message);
        }
    }

    /// <summary>The rounds of a hash in Identity's format V3; 0 in any other.</summary>
    private static uint RoundsOf(string hash)
    {
        var bytes = Convert.FromBase64String(hash);
        return bytes is [1, _, _, _, _, _, _, _, _, ..] ? BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)) : 0;
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
