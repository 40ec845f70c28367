using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>What an account can prove itself with after the password.</summary>
[Flags]
public enum SecondFactorKinds
{
    None = 0,

    /// <summary>Codes of an authenticator app, or recovery codes.</summary>
    Codes = 1,
}

/// <summary>A code that fits an account: one of its authenticator app, or a recovery code.</summary>
/// <param name="Step">The number of the app's period; null for a recovery code.</param>
/// <param name="RecoveryCodeId">The recovery code; null for the app's.</param>
public sealed record MatchingCode(long? Step, long? RecoveryCodeId)
{
    public bool IsRecoveryCode => RecoveryCodeId is not null;
}

/// <summary>The codes of authenticator apps, and the recovery codes for when the app is lost.</summary>
/// <remarks>
/// Not Identity's: it stores the app's secret and the recovery codes as they are, accepts a code as often as it is sent within
/// five periods, and reads and writes in transactions of its own, so that parallel requests could use a code twice.
/// </remarks>
public sealed class SecondFactors(SentinelCamDbContext db, AuthenticatorKeys keys)
{
    /// <summary>How many recovery codes an account gets.</summary>
    public const int RecoveryCodes = 10;

    /// <summary>The longest code, with what people type between its groups.</summary>
    public const int MaxCodeLength = 64;

    private const int DigitsOfApp = 6;

    /// <summary>118 random bits: enough for a fast hash without salt (ASVS 6.5.2).</summary>
    private const int CharactersOfRecoveryCode = 24;

    /// <summary>Without letters and digits that look alike.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>The second factors of an account.</summary>
    public async Task<SecondFactorKinds> OfAsync(long accountId) =>
        await db.Users.AnyAsync(a => a.Id == accountId && a.TwoFactorEnabled) ? SecondFactorKinds.Codes : SecondFactorKinds.None;

    /// <summary>
    /// Finds what a typed code is. Within the caller's transaction, <see cref="UseAsync"/> can then use it up, so that parallel
    /// requests do not use it twice.
    /// </summary>
    /// <returns>Null if it fits nothing, or was used.</returns>
    public async Task<MatchingCode?> MatchAsync(long accountId, string typed, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(typed);
        var code = Clean(typed);
        if (code.Length == DigitsOfApp && code.All(char.IsAsciiDigit))
        {
            var app = await db.Users.Where(a => a.Id == accountId)
                .Select(a => new { a.AuthenticatorKey, a.LastCodeStep }).SingleOrDefaultAsync();
            var step = keys.FindStep(accountId, app?.AuthenticatorKey, code, now);
            return step is null || IsUsed(step.Value, app!.LastCodeStep, now) ? null : new MatchingCode(step, null);
        }

        var hash = RandomKey.HashOf(code);
        var id = await db.RecoveryCodes.Where(c => c.AccountId == accountId && c.Hash == hash)
            .Select(c => (long?)c.Id).SingleOrDefaultAsync();
        return id is null ? null : new MatchingCode(null, id);
    }

    /// <summary>Makes sure that a code is not accepted again.</summary>
    public Task UseAsync(long accountId, MatchingCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.IsRecoveryCode
            ? db.RecoveryCodes.Where(c => c.Id == code.RecoveryCodeId).ExecuteDeleteAsync()
            : db.Users.Where(a => a.Id == accountId).ExecuteUpdateAsync(set => set.SetProperty(a => a.LastCodeStep, code.Step));
    }

    /// <summary>Replaces all recovery codes, within the caller's transaction. The caller saves.</summary>
    /// <returns>The new codes, which are stored as hashes only.</returns>
    public async Task<IReadOnlyList<string>> ReplaceRecoveryCodesAsync(long accountId)
    {
        await RemoveRecoveryCodesAsync(accountId);
        var codes = Enumerable.Range(0, RecoveryCodes)
            .Select(_ => RandomNumberGenerator.GetString(Alphabet, CharactersOfRecoveryCode)).ToList();
        db.RecoveryCodes.AddRange(
            codes.Select(code => new RecoveryCode { AccountId = accountId, Hash = RandomKey.HashOf(code) }));
        return codes.ConvertAll(code => string.Join('-', code.Chunk(4).Select(group => new string(group))));
    }

    /// <summary>Removes all recovery codes, within the caller's transaction.</summary>
    public Task RemoveRecoveryCodesAsync(long accountId) =>
        db.RecoveryCodes.Where(c => c.AccountId == accountId).ExecuteDeleteAsync();

    /// <summary>How many recovery codes are left.</summary>
    public Task<int> CountRecoveryCodesAsync(long accountId) => db.RecoveryCodes.CountAsync(c => c.AccountId == accountId);

    /// <summary>Whether a text can be a recovery code, as it is shown.</summary>
    public static bool IsRecoveryCode(string text)
    {
        var code = Clean(text);
        return code.Length == CharactersOfRecoveryCode && code.All(Alphabet.Contains);
    }

    /// <summary>A step that is later than all present ones was used while the clock was ahead.</summary>
    private static bool IsUsed(long step, long? last, DateTimeOffset now) =>
        step <= last && last <= (now.ToUnixTimeSeconds() / AuthenticatorKeys.Period) + 1;

    private static string Clean(string typed) =>
        string.Concat(typed.Take(MaxCodeLength).Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
