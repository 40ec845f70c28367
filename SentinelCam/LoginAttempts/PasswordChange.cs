using Microsoft.AspNetCore.Identity;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>What became of the wish to have another password.</summary>
public enum PasswordChangeOutcome
{
    Changed,

    /// <summary>The one given as the present one is wrong, which was recorded as a login attempt.</summary>
    WrongPassword,

    /// <summary>Somebody changed the account at the same moment.</summary>
    ChangedElsewhere,
}

/// <summary>Gives a signed-in account another password, or ends its other sessions, and tells its owner.</summary>
public sealed class PasswordChange(
    UserManager<Account> accounts, PasswordCheck passwords, LoginAttemptRecorder recorder, AlertNotices notices, TimeProvider time, ILogger<PasswordChange> logger)
{
    /// <summary>Changes the password. A wrong present one is a guess like one at the door: recorded, photographed and mailed.</summary>
    /// <param name="account">Who is signed in.</param>
    /// <param name="current">The present password, as typed.</param>
    /// <param name="wanted">Of <see cref="Registration.MinPasswordLength"/> to <see cref="Registration.MaxPasswordLength"/> characters.</param>
    /// <param name="visitor">Who asks.</param>
    /// <returns>The outcome; the attempt whose picture is to be enqueued; the mails that are now due.</returns>
    public async Task<(PasswordChangeOutcome Outcome, RecordedAttempt? Recorded, IReadOnlyList<Delivery> Mails)> ChangeAsync(
        Account account, string current, string wanted, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        var at = time.GetUtcNow();
        if (!(await passwords.CheckAsync(account.Email!, current)).PasswordIsRight)
            return (PasswordChangeOutcome.WrongPassword, (await recorder.RecordAsync(account, passwordIsRight: false, account.Email!, visitor, at)).Recorded, []);

        account.PasswordHash = accounts.PasswordHasher.HashPassword(account, wanted);
        var mails = await notices.AddAsync(account, ["The password was changed. Other sessions are signed out within a minute."]);
        // Saves all three: the password, the stamp that the other sessions lack, and the mail
        if (!(await accounts.UpdateSecurityStampAsync(account)).Succeeded)
            return (PasswordChangeOutcome.ChangedElsewhere, null, []);
        logger.LogInformation("Account {AccountId} changed its password from {RemoteAddress}", account.Id, visitor.RemoteAddress);
        return (PasswordChangeOutcome.Changed, null, mails);
    }

    /// <summary>Ends all sessions of an account within a minute; the caller renews its own.</summary>
    /// <returns>False where somebody changed the account at the same moment.</returns>
    public async Task<bool> EndOtherSessionsAsync(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        var ended = (await accounts.UpdateSecurityStampAsync(account)).Succeeded;
        if (ended)
            logger.LogInformation("Account {AccountId} signed out everywhere else", account.Id);
        return ended;
    }
}
