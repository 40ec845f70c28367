using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>What a passkey's answer is for. An answer that was given for one purpose is worth nothing for another.</summary>
/// <param name="Name">The purpose.</param>
/// <param name="Subject">What it is tied to: a session, or an account's security stamp.</param>
public readonly record struct PasskeyPurpose(string Name, string Subject)
{
    /// <summary>To sign in without a password. The passkey says whose it is.</summary>
    public static PasskeyPurpose SignIn { get; } = new("sign in", "");

    /// <summary>To follow the right password, in place of a code.</summary>
    public static PasskeyPurpose SecondFactor(string securityStamp) => new("second factor", securityStamp);

    /// <summary>To prove again who is signed in.</summary>
    public static PasskeyPurpose Proof(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new PasskeyPurpose("prove", session.KeyHash);
    }

    /// <summary>To add a passkey to the account that is signed in.</summary>
    public static PasskeyPurpose Add(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new PasskeyPurpose("add", session.KeyHash);
    }
}

/// <summary>What a browser is asked.</summary>
/// <param name="Options">Options of <c>navigator.credentials</c>, as JSON.</param>
/// <param name="State">What the form carries back; sealed.</param>
public sealed record PasskeyChallenge(string Options, string State);

/// <summary>What a browser answers.</summary>
/// <param name="Credential">The credential, as JSON.</param>
/// <param name="State">The challenge's <see cref="PasskeyChallenge.State"/>.</param>
public sealed record PasskeyAnswer(string Credential, string State)
{
    /// <summary>The longest answer. Those of real passkeys have one or two thousand characters.</summary>
    public const int MaxLength = 16 << 10;

    public bool IsTooLong => Credential.Length > MaxLength || State.Length > MaxLength;
}

/// <summary>
/// Makes challenges for passkeys. The form carries a sealed copy, so that visitors who never answer take no memory; one that was
/// answered is noted, and accepted once.
/// </summary>
/// <remarks>
/// <see cref="SignInManager{TUser}"/> keeps the challenge in a cookie and only asks the browser to delete it: somebody with a
/// copy of a request could send it again.
/// </remarks>
public sealed class PasskeyChallenges(
    IPasskeyHandler<Account> handler, IDataProtectionProvider protection, SentinelCamDbContext db, TimeProvider time)
{
    /// <summary>How long an answer is accepted.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Asks for one of an account's passkeys; without an account, for any.</summary>
    public async Task<PasskeyChallenge> AskAsync(PasskeyPurpose purpose, Account? account, HttpContext context)
    {
        var made = await handler.MakeRequestOptionsAsync(account!, context);
        return new PasskeyChallenge(made.RequestOptionsJson, Seal(purpose, made.AssertionState!));
    }

    /// <summary>Asks the browser to make a passkey for an account, unless its device has one already.</summary>
    public async Task<PasskeyChallenge> AskForNewAsync(PasskeyPurpose purpose, Account account, HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(account);
        var made = await handler.MakeCreationOptionsAsync(
            new PasskeyUserEntity
            {
                Id = account.Id.ToString(CultureInfo.InvariantCulture),
                Name = account.Email!,
                DisplayName = account.Name,
            },
            context);
        return new PasskeyChallenge(made.CreationOptionsJson, Seal(purpose, made.AttestationState!));
    }

    /// <summary>Opens what a form has carried back.</summary>
    /// <returns>The handler's state; null if it was made for another purpose, or by somebody else, or has expired.</returns>
    public string? Open(PasskeyPurpose purpose, string state)
    {
        try
        {
            var opened = ProtectorFor(purpose).Unprotect(state);
            var end = opened.IndexOf(' ', StringComparison.Ordinal);
            var madeAt = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(opened[..end], CultureInfo.InvariantCulture));
            return (time.GetUtcNow() - madeAt).Duration() <= Lifetime ? opened[(end + 1)..] : null;
        }
        // Data Protection's exception for all that it has not made
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Notes within the caller's transaction that a challenge was answered.</summary>
    /// <param name="opened">What <see cref="Open"/> has returned: its random challenge is in it.</param>
    /// <returns>False if it was answered before.</returns>
    public async Task<bool> UseAsync(string opened)
    {
        var (hash, now) = (RandomKey.HashOf(opened), time.GetUtcNow());
        // Twice the time, in case the clock is set meanwhile
        var expired = now - (Lifetime * 2);
        await db.UsedChallenges.Where(c => c.UsedAt < expired).ExecuteDeleteAsync();
        if (await db.UsedChallenges.AnyAsync(c => c.Hash == hash))
            return false;
        db.UsedChallenges.Add(new UsedChallenge { Hash = hash, UsedAt = now });
        await db.SaveChangesAsync();
        return true;
    }

    private string Seal(PasskeyPurpose purpose, string state) =>
        ProtectorFor(purpose).Protect(FormattableString.Invariant($"{time.GetUtcNow().ToUnixTimeMilliseconds()} {state}"));

    private IDataProtector ProtectorFor(PasskeyPurpose purpose) =>
        protection.CreateProtector("SentinelCam.Passkeys", purpose.Name, purpose.Subject);
}
