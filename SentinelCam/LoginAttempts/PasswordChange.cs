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

    /// <summary>The current password is wrong, and the attempt was recorded.</summary>
    WrongPassword,

    /// <summary>Too many passwords were wrong in this session. The attempt was recorded.</summary>
    TooManyWrong,

    /// <summary>Too many passwords waited to be checked, so nothing was changed.</summary>
    TooBusy,

    /// <summary>Another request changed the account at the same time.</summary>
    ChangedElsewhere,

    /// <summary>The database is not writable, so nothing was recorded or changed.</summary>
    NotRecorded,
}

/// <summary>Changes an account's password, notifies its owner, and ends all of the account's sessions.</summary>
public sealed class PasswordChange(
    UserManager<Account> accounts, CredentialCheck credentials, HashingSlots slots, AlertNotices notices,
    ActivityLog activity, ILogger<PasswordChange> logger)
{
    /// <summary>Changes the password. A wrong current password is treated like one on the sign-in page.</summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="session">In which session. The caller signs in again afterwards.</param>
    /// <param name="current">The current password, as typed.</param>
    /// <param name="wanted">The new password, of a length that <see cref="Registration"/> allows.</param>
    /// <param name="visitor">Who typed them.</param>
    public async Task<PasswordChangeOutcome> ChangeAsync(
        Account account, LiveSession session, string current, string wanted, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var confirmed = await credentials.ConfirmAsync(account, session, current, visitor);
        if (confirmed is not CredentialResult.Accepted)
        {
            return confirmed switch
            {
                CredentialResult.Refused => PasswordChangeOutcome.WrongPassword,
                CredentialResult.RefusedForNow => PasswordChangeOutcome.TooManyWrong,
                CredentialResult.NotChecked => PasswordChangeOutcome.TooBusy,
                _ => PasswordChangeOutcome.NotRecorded,
            };
        }

        try
        {
            if (!await slots.RunAsync(VisitorLine.OfSession(session),
                    () => account.PasswordHash = accounts.PasswordHasher.HashPassword(account, wanted)))
                return PasswordChangeOutcome.TooBusy;
            // Those who knew the old one can no longer guess codes
            (account.WrongCodes, account.CodesLockedUntil) = (0, null);
            await notices.AddAsync(account, ["The password was changed. All other browsers were signed out."],
                always: true);
            activity.Add(account.Id, ActivityKind.PasswordChanged);
            // Saves the password, the mail, the line, and a new security stamp, which ends all sessions
            if (!(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
                return PasswordChangeOutcome.ChangedElsewhere;
        }
        // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
        catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
        {
            logger.LogError("A password could not be changed: {Problem}", (error.InnerException ?? error).Message);
            return PasswordChangeOutcome.NotRecorded;
        }

        logger.LogInformation("Account {AccountId} changed its password from {RemoteAddress}", account.Id, visitor.RemoteAddress);
        return PasswordChangeOutcome.Changed;
    }
}
