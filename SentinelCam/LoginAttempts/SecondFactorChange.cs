using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of a change of the second factor.</summary>
public enum FactorChangeOutcome
{
    Changed,

    /// <summary>The code is wrong. Where the second factor is on, the attempt was recorded.</summary>
    WrongCode,

    /// <summary>Too many codes were wrong in this session. The code was not compared.</summary>
    TooManyWrong,

    /// <summary>The second factor was turned on or off, or the account was changed, at the same time.</summary>
    ChangedElsewhere,

    /// <summary>The database is not writable, so nothing was recorded or changed.</summary>
    NotRecorded,
}

/// <summary>
/// Turns the second factor of an account on and off, and renews its recovery codes. Each change tells the owner. Except turning
/// it on, each needs a code: someone with a stolen session and the password must not get rid of the factor.
/// </summary>
public sealed class SecondFactorChange(
    SentinelCamDbContext db, UserManager<Account> accounts, CredentialCheck credentials, AuthenticatorKeys keys,
    SecondFactors factors, KnownBrowsers browsers, SecondFactorNotices notices, ActivityLog activity, TimeProvider time,
    ILogger<SecondFactorChange> logger)
{
    /// <summary>Turns it on, and ends all sessions. The caller signs in again afterwards.</summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="key">The encrypted secret that the page showed, see <see cref="AuthenticatorKeys"/>.</param>
    /// <param name="code">A code made with it, which shows that the app has it.</param>
    /// <returns>The outcome, and the recovery codes, which are shown this once.</returns>
    public Task<(FactorChangeOutcome Outcome, IReadOnlyList<string> Codes)> TurnOnAsync(
        Account account, string? key, string code)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (keys.FindStep(account.Id, key, code.Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow()) is not { } step)
            return Task.FromResult<(FactorChangeOutcome, IReadOnlyList<string>)>((FactorChangeOutcome.WrongCode, []));
        return ChangeAsync(account, wasOn: false, async own =>
        {
            (own.TwoFactorEnabled, own.AuthenticatorKey, own.LastCodeStep) = (true, key, step);
            await notices.AddAsync(own, ActivityKind.SecondFactorOn,
                "A second factor was turned on: from now on, signing in takes a code from an authenticator app. All other "
                    + "browsers were signed out.");
            return await factors.ReplaceRecoveryCodesAsync(own.Id);
        });
    }

    /// <summary>Turns it off, and ends all sessions. The caller signs in again afterwards.</summary>
    public async Task<FactorChangeOutcome> TurnOffAsync(Account account, LiveSession session, string code, Visitor visitor) =>
        await ConfirmAsync(account, session, code, visitor)
        ?? (await ChangeAsync(account, wasOn: true, own => RemoveAsync(own, ActivityKind.SecondFactorOff,
            "The second factor was turned off: from now on, the password alone is enough to sign in. All other browsers were "
                + "signed out."))).Outcome;

    /// <summary>Replaces the recovery codes.</summary>
    public async Task<(FactorChangeOutcome Outcome, IReadOnlyList<string> Codes)> RenewCodesAsync(
        Account account, LiveSession session, string code, Visitor visitor) =>
        await ConfirmAsync(account, session, code, visitor) is { } refusal ? (refusal, [])
        : await ChangeAsync(account, wasOn: true, async own =>
        {
            await notices.AddAsync(own, ActivityKind.RecoveryCodesRenewed,
                "New recovery codes were made. The earlier ones no longer work.");
            return await factors.ReplaceRecoveryCodesAsync(own.Id);
        }, endsSessions: false);

    /// <summary>Asks every browser for a code again.</summary>
    public async Task DistrustAsync(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await browsers.DistrustAsync(account.Id);
        activity.Add(account.Id, ActivityKind.TrustRevoked);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    /// <summary>
    /// Turns it off for an owner who has lost the app and the recovery codes, ends all sessions, and tells the owner. The
    /// password stays.
    /// </summary>
    /// <param name="account">The owner.</param>
    /// <param name="by">Who does it: an administrator, or a command on the machine.</param>
    public async Task<FactorChangeOutcome> ResetAsync(Account account, ActivityActor by) =>
        (await ChangeAsync(account, wasOn: true, own => RemoveAsync(own, ActivityKind.SecondFactorReset,
            by is ActivityActor.CommandLine
                ? "The second factor was turned off on the server. All sessions were signed out."
                : "An administrator turned the second factor off. All sessions were signed out.", by))).Outcome;

    private async Task<IReadOnlyList<string>> RemoveAsync(
        Account own, ActivityKind kind, string line, ActivityActor? by = null)
    {
        (own.TwoFactorEnabled, own.AuthenticatorKey) = (false, null);
        (own.WrongCodes, own.CodesLockedUntil) = (0, null);
        await notices.AddAsync(own, kind, line, by);
        await factors.RemoveRecoveryCodesAsync(own.Id);
        await browsers.DistrustAsync(own.Id);
        return [];
    }

    /// <returns>Why the code is refused; null if it is right, and used up.</returns>
    private async Task<FactorChangeOutcome?> ConfirmAsync(Account account, LiveSession session, string code, Visitor visitor) =>
        await credentials.ConfirmCodeAsync(account, session, code, visitor) switch
        {
            CredentialResult.Accepted => null,
            CredentialResult.Refused => FactorChangeOutcome.WrongCode,
            CredentialResult.PasswordNeeded => FactorChangeOutcome.TooManyWrong,
            _ => FactorChangeOutcome.NotRecorded,
        };

    private async Task<(FactorChangeOutcome Outcome, IReadOnlyList<string> Codes)> ChangeAsync(
        Account account, bool wasOn, Func<Account, Task<IReadOnlyList<string>>> change, bool endsSessions = true)
    {
        try
        {
            // BEGIN IMMEDIATE, so that two changes at once do not both find it as it was
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Entry(account).ReloadAsync();
            if (account.TwoFactorEnabled != wasOn)
                return (FactorChangeOutcome.ChangedElsewhere, []);
            var codes = await change(account);
            // Saves everything. A new stamp ends all sessions
            if (endsSessions && !(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
                return await RefusedAsync(FactorChangeOutcome.ChangedElsewhere);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            logger.LogInformation("The second factor of account {AccountId} was changed: {State}",
                account.Id, account.TwoFactorEnabled ? "on" : "off");
            return (FactorChangeOutcome.Changed, codes);
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("The second factor could not be changed: {Problem}", (error.InnerException ?? error).Message);
            return await RefusedAsync(FactorChangeOutcome.NotRecorded);
        }

        // The page shows the account as it is stored
        async Task<(FactorChangeOutcome, IReadOnlyList<string>)> RefusedAsync(FactorChangeOutcome outcome)
        {
            await db.Entry(account).ReloadAsync();
            return (outcome, []);
        }
    }
}
