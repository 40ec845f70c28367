using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The same for passkeys, in whose place nobody can guess: they need no hash and no lock.</summary>
public sealed partial class CredentialCheck
{
    /// <summary>Checks the passkey of a visitor who wants to sign in.</summary>
    /// <param name="answer">The passkey's answer. It belongs to the account that has the passkey.</param>
    /// <param name="context">The request.</param>
    /// <param name="keyOf">The key of the visitor's browser for an account, see <see cref="KnownBrowsers"/>.</param>
    /// <returns>The account to sign in if the result is <see cref="CredentialResult.Accepted"/>.</returns>
    public async Task<SignInAnswer> SignInAsync(PasskeyAnswer answer, HttpContext context, Func<long, string?> keyOf)
    {
        var at = time.GetUtcNow();
        var visitor = Visitor.Of(context);
        using var trace = Telemetry.BeginTrace("check credentials");
        Account? account = null;
        TimeSpan? wait = null;
        var result = await GuardAsync(async () =>
        {
            (account, var browserId) = await passkeys.FindAsync(answer, keyOf);
            wait = browserId is null ? delays.Begin(visitor) : null;
            var recorded = await RecordAsync(
                account, LoginAttempt.UnknownPasskey, visitor, LineOf(browserId, visitor), at,
                async _ => wait is null
                    ? await policy.DecidePasskeyAsync(
                        account?.Id ?? 0, await passkeys.VerifyAsync(answer, PasskeyPurpose.SignIn, account, context))
                    : await policy.DecideUncheckedAsync(account?.Id ?? 0),
                browserId);
            if (recorded.Result is CredentialResult.Accepted && browserId is null)
                delays.Undo(visitor);
            return recorded;
        });
        return new SignInAnswer(
            result, result is CredentialResult.Accepted ? account : null, wait, SignInMethods.Passkey);
    }

    /// <summary>
    /// Checks the passkey that follows a right password, in place of a code. One that is not accepted says the same as a wrong
    /// code: somebody knows the password.
    /// </summary>
    /// <param name="accountId">The account whose password was right.</param>
    /// <param name="securityStamp">Its security stamp at that time.</param>
    /// <param name="answer">The passkey's answer.</param>
    /// <param name="context">The request.</param>
    /// <param name="browserKey">The key of the visitor's browser for the account, see <see cref="KnownBrowsers"/>.</param>
    public async Task<SignInAnswer> CheckPasskeyAsync(
        long accountId, string securityStamp, PasskeyAnswer answer, HttpContext context, string? browserKey)
    {
        var at = time.GetUtcNow();
        var visitor = Visitor.Of(context);
        using var trace = Telemetry.BeginTrace("check credentials");
        Account? account = null;
        TimeSpan? wait = null;
        var result = await GuardAsync(async () =>
        {
            var browserId = await browsers.FindAsync(accountId, browserKey);
            account = await db.Users.SingleOrDefaultAsync(a => a.Id == accountId);
            wait = browserId is null ? delays.Begin(visitor) : null;
            var recorded = await RecordAsync(account, TypedAccount.Mask, visitor, LineOf(browserId, visitor), at, async _ =>
            {
                if (!await policy.MayFollowAsync(accountId, securityStamp))
                    return new SignInDecision(null, accountId) { Needs = SignInStep.Password };
                if (wait is not null)
                    return await policy.DecideUncheckedAsync(accountId);
                var verdict = await passkeys.VerifyAsync(
                    answer, PasskeyPurpose.SecondFactor(securityStamp), account, context);
                return verdict is PasskeyVerdict.Wrong
                    ? new SignInDecision(LoginOutcome.WrongCode, accountId)
                    : await policy.DecidePasskeyAsync(accountId, verdict);
            }, browserId);
            if (recorded.Result is CredentialResult.Accepted && browserId is null)
                delays.Undo(visitor);
            return recorded;
        });
        return new SignInAnswer(
            result, result is CredentialResult.Accepted ? account : null, wait, SignInMethods.PasswordAndPasskey);
    }

    /// <summary>
    /// Checks the passkey of a signed-in person, in place of the password. A failure is recorded, photographed and mailed like
    /// one on the sign-in page.
    /// </summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="session">In which session.</param>
    /// <param name="answer">The passkey's answer.</param>
    /// <param name="context">The request.</param>
    public async Task<CredentialResult> ConfirmAsync(
        Account account, LiveSession session, PasskeyAnswer answer, HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(account);
        var at = time.GetUtcNow();
        using var trace = Telemetry.BeginTrace("check credentials");
        return await GuardAsync(() => RecordAsync(
            account, account.Email!, Visitor.Of(context), VisitorLine.OfSession(session), at,
            async _ => await policy.DecidePasskeyAsync(
                account.Id, await passkeys.VerifyAsync(answer, PasskeyPurpose.Proof(session), account, context)),
            isSignIn: false));
    }
}
