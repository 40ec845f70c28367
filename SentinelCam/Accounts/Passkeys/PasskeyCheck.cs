using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>What is thought of a passkey's answer.</summary>
public enum PasskeyVerdict
{
    /// <summary>It is valid, and cannot be used again.</summary>
    Right,

    /// <summary>It is not valid, was made for something else, was used before, or has expired.</summary>
    Wrong,

    /// <summary>Its signature is valid, but its counter is not higher than the last one: there are two of it.</summary>
    Copied,
}

/// <summary>Verifies the answers of passkeys.</summary>
public sealed class PasskeyCheck(
    SentinelCamDbContext db, IPasskeyHandler<Account> handler, PasskeyChallenges challenges, KnownBrowsers browsers,
    TimeProvider time)
{
    private const string CounterProblem =
        "The authenticator's signature counter is unexpectedly less than or equal to the stored signature counter.";

    /// <summary>Finds the account that has a passkey, and whether it has signed in in this browser before.</summary>
    /// <param name="answer">The passkey's answer.</param>
    /// <param name="keyOf">The key that the browser has for an account.</param>
    /// <returns>The account, and the id of its <see cref="KnownBrowser"/>; null for a stranger.</returns>
    public async Task<(Account? Account, long? BrowserId)> FindAsync(PasskeyAnswer answer, Func<long, string?> keyOf)
    {
        ArgumentNullException.ThrowIfNull(keyOf);
        var credentialId = CredentialIdOf(answer);
        var account = await db.Users.SingleOrDefaultAsync(
            a => credentialId != null && db.UserPasskeys.Any(p => p.CredentialId == credentialId && p.UserId == a.Id));
        var id = account?.Id ?? 0;
        return (account, await browsers.FindAsync(id, keyOf(id)));
    }

    /// <summary>
    /// Verifies an answer within the caller's transaction, so that of several that are the same only one is right, and notes the
    /// use of a right one.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="purpose">What it must have been made for.</param>
    /// <param name="account">The account whose passkey it must be; null if there is none.</param>
    /// <param name="context">The request, whose address the answer must have been made for.</param>
    public async Task<PasskeyVerdict> VerifyAsync(
        PasskeyAnswer answer, PasskeyPurpose purpose, Account? account, HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(context);
        if (account is null || answer.IsTooLong || challenges.Open(purpose, answer.State) is not { } state)
            return PasskeyVerdict.Wrong;
        // The handler ends its queries when the visitor disconnects: that visitor must be recorded too
        context.RequestAborted = CancellationToken.None;
        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext
        {
            CredentialJson = answer.Credential,
            AssertionState = state,
            HttpContext = context,
        });
        if (!result.Succeeded)
            return IsAboutTheCounter(result.Failure) ? PasskeyVerdict.Copied : PasskeyVerdict.Wrong;
        if (result.User.Id != account.Id || !await challenges.UseAsync(state))
            return PasskeyVerdict.Wrong;
        var passkey = await db.UserPasskeys.SingleAsync(p => p.CredentialId == result.Passkey.CredentialId);
        (passkey.Data.SignCount, passkey.Data.IsBackedUp) = (result.Passkey.SignCount, result.Passkey.IsBackedUp);
        db.Entry(passkey).Property(PasskeyColumns.LastUsedAt).CurrentValue = time.GetUtcNow();
        await db.SaveChangesAsync();
        return PasskeyVerdict.Right;
    }

    /// <summary>
    /// Whether the handler, which compares the counter after the signature, has refused it. It says so only in its message, which
    /// a test watches. The whole message counts, because others quote the answer.
    /// </summary>
    private static bool IsAboutTheCounter(PasskeyException failure) => failure.Message == CounterProblem;

    private static byte[]? CredentialIdOf(PasskeyAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.IsTooLong)
            return null;
        try
        {
            using var credential = JsonDocument.Parse(answer.Credential);
            return credential.RootElement.ValueKind is JsonValueKind.Object
                && credential.RootElement.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String
                ? Base64Url.DecodeFromChars(id.GetString())
                : null;
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
