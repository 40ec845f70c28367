using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using OtpNet;

namespace SentinelCam.Accounts;

/// <summary>The secrets that accounts share with their authenticator apps, and the codes made from them (RFC 6238).</summary>
/// <remarks>
/// A secret is encrypted with the keys in <c>keys/</c>, so that a copy of the database alone makes no codes, and for its account,
/// so that it works for no other.
/// </remarks>
public sealed class AuthenticatorKeys(IDataProtectionProvider protection, ILogger<AuthenticatorKeys> logger)
{
    /// <summary>How long an app shows a code, in seconds.</summary>
    public const int Period = 30;

    /// <summary>The length that RFC 4226 recommends for SHA-1.</summary>
    private const int Bytes = 20;

    /// <summary>A new random secret, encrypted.</summary>
    public string Create(long accountId) =>
        ProtectorOf(accountId).Protect(Base32Encoding.ToString(KeyGeneration.GenerateRandomKey(Bytes)));

    /// <summary>The secret as an authenticator app reads it, in Base32.</summary>
    /// <param name="accountId">Whose it is.</param>
    /// <param name="stored">The encrypted secret.</param>
    /// <returns>Null if it is not this account's, or the keys that encrypted it are lost.</returns>
    public string? Reveal(long accountId, string? stored)
    {
        try
        {
            return stored is null ? null : ProtectorOf(accountId).Unprotect(stored);
        }
        catch (CryptographicException)
        {
            logger.LogError("The authenticator key of account {AccountId} cannot be decrypted: the keys are lost", accountId);
            return null;
        }
    }

    /// <summary>Finds the period to which a code belongs. The app's clock may be up to one period away.</summary>
    /// <param name="accountId">Whose secret it is.</param>
    /// <param name="stored">The encrypted secret.</param>
    /// <param name="code">Six digits.</param>
    /// <param name="now">The time.</param>
    /// <returns>The number of the period; null if the code belongs to none of the three.</returns>
    public long? FindStep(long accountId, string? stored, string code, DateTimeOffset now) =>
        Reveal(accountId, stored) is { } key
        && new Totp(Base32Encoding.ToBytes(key)).VerifyTotp(
            now.UtcDateTime, code, out var step, VerificationWindow.RfcSpecifiedNetworkDelay)
            ? step
            : null;

    /// <summary>What an authenticator app scans.</summary>
    /// <param name="key">The secret in Base32.</param>
    /// <param name="site">What the app calls this site.</param>
    /// <param name="account">The account's address.</param>
    public static string AddressOf(string key, string site, string account) =>
        new OtpUri(OtpType.Totp, key, account, site).ToString();

    private IDataProtector ProtectorOf(long accountId) => protection.CreateProtector(
        "SentinelCam.AuthenticatorKey", accountId.ToString(CultureInfo.InvariantCulture));
}
