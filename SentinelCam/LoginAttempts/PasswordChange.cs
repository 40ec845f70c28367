using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of a password change.</summary>
public enum PasswordChangeOutcome
{
    Changed,

    /// <summary>The current password is wrong, which was recorded as a login attempt.</summary>
    WrongPassword,

    /// <summary>The account was changed by another request at the same moment.</summary>
    ChangedElsewhere,

    /// <summary>The database cannot be written, so nothing was checked or changed.</summary>
    NotRecorded,
}

/// <summary>Gives a signed-in account another password, or ends its other sessions, and tells its owner.</summary>
public sealed class PasswordChange(
    UserManager<Account> accounts, CredentialCheck credentials, HashingSlots slots, AlertNotices notices, ILogger<PasswordChange> logger)
{
    /// <summary>Changes the password. A wrong current one is a guess like one at the sign-in page.</summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="current">The current password, as typed.</param>
    /// <param name="wanted">Of <see cref="Registration.MinPasswordLength"/> to <see cref="Registration.MaxPasswordLength"/> characters.</param>
    /// <param name="visitor">Who asks.</param>
    public async Task<PasswordChangeOutcome> ChangeAsync(Account account, string current, string wanted, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var confirmed = await credentials.ConfirmAsync(account, current, visitor);
        if (confirmed is not CredentialResult.Accepted)
            return confirmed is CredentialResult.Refused ? PasswordChangeOutcome.WrongPassword : PasswordChangeOutcome.NotRecorded;
        try
        {
            account.PasswordHash = await slots.RunAsync(() => accounts.PasswordHasher.HashPassword(account, wanted));
            await notices.AddAsync(account, ["The password was changed. Other sessions are signed out within a minute."]);
            // Saves all three: the password, the stamp that the other sessions lack, and the mail
            if (!(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
                return PasswordChangeOutcome.ChangedElsewhere;
        }
        catch (Exception error) when (error is DbException or DbUpdateException)
        {
            logger.LogError("A password could not be changed: {Problem}", (error.InnerException ?? error).Message);
            return PasswordChangeOutcome.NotRecorded;
        }

        logger.LogInformation("Account {AccountId} changed its password from {RemoteAddress}", account.Id, visitor.RemoteAddress);
        return PasswordChangeOutcome.Changed;
    }

    /// <summary>Ends all sessions of an account within a minute; the caller renews its own.</summary>
    /// <returns>False where the account was changed by another request at the same moment.</returns>
    public async Task<bool> EndOtherSessionsAsync(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        var ended = (await accounts.UpdateSecurityStampAsync(account)).Succeeded;
        if (ended)
            logger.LogInformation("Account {AccountId} signed out everywhere else", account.Id);
        return ended;
    }
}
