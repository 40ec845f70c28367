using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>
/// Notifies an owner, at their own address, that their alerts or their password were changed, because someone else may have
/// done it, or that an administrator changed their account.
/// </summary>
public sealed class AlertNotices(SentinelCamDbContext db, DeliveryPlan deliveries, TimeProvider time)
{
    /// <summary>The maximum number of notices in an hour, so that repeated changes do not flood the mailbox.</summary>
    private const int MaxPerHour = 10;

    private const string LastNotice =
        "There were many changes within an hour. Further changes are not mailed for a while. Check them under Settings.";

    /// <summary>
    /// Adds the mail about a new password to the caller's transaction. Passkeys stay, and somebody who knew the old password may
    /// have added one, so the mail says how many there are.
    /// </summary>
    public async Task AddNewPasswordAsync(Account account, string line)
    {
        ArgumentNullException.ThrowIfNull(account);
        var passkeys = await db.UserPasskeys.CountAsync(p => p.UserId == account.Id);
        await AddAsync(
            account,
            passkeys == 0 ? [line]
            : [line, $"Passkeys of the account that still work: {passkeys}. Remove those that you do not know under Settings."],
            always: true);
    }

    /// <summary>Adds the mail to the caller's transaction.</summary>
    /// <param name="account">The account whose settings were changed.</param>
    /// <param name="lines">What was changed. Without any line, nothing is mailed.</param>
    /// <param name="always">
    /// For a change of the password or the address: someone who has made many other changes before must not hide it.
    /// </param>
    /// <param name="kind"><see cref="MailKind.AccountChanged"/> if an administrator made the change.</param>
    public async Task AddAsync(
        Account account, IReadOnlyList<string> lines, bool always = false, MailKind kind = MailKind.SettingsChanged)
    {
        ArgumentNullException.ThrowIfNull(account);
        var hourBefore = time.GetUtcNow().AddHours(-1);
        if (lines.Count == 0 || account.Email is not { } email)
            return;
        var sent = await db.Deliveries.CountAsync(d =>
            d.RecipientId == account.Id && d.Kind == kind && d.CreatedAt > hourBefore);
        if (sent >= MaxPerHour && !always)
            return;
        if (sent == MaxPerHour - 1)
            lines = [.. lines, LastNotice];
        deliveries.AddNotice(kind, account.Id, email).Changes = string.Join('\n', lines);
    }
}
