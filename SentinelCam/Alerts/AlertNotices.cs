using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>
/// Tells an owner at their own address that their alerts or their password were changed, since it may be somebody else who is signed in.
/// </summary>
public sealed class AlertNotices(SentinelCamDbContext db, DeliveryPlan deliveries, TimeProvider time)
{
    /// <summary>Whoever changes settings over and over must not fill the mailbox.</summary>
    private const int MaxPerHour = 10;

    /// <summary>Adds the mail to the caller's transaction.</summary>
    /// <param name="account">Whose settings were changed.</param>
    /// <param name="lines">What was changed; none: nothing is mailed.</param>
    public async Task AddAsync(Account account, IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(account);
        var hourBefore = time.GetUtcNow().AddHours(-1);
        if (lines.Count == 0 || account.Email is not { } email)
            return;
        var sent = await db.Deliveries.CountAsync(d => d.RecipientId == account.Id && d.Kind == MailKind.SettingsChanged && d.CreatedAt > hourBefore);
        if (sent >= MaxPerHour)
            return;
        if (sent == MaxPerHour - 1)
            lines = [.. lines, "These were many changes within an hour. Further ones are not mailed for a while: look at them under Settings."];
        deliveries.AddNotice(MailKind.SettingsChanged, account.Id, email).Changes = string.Join('\n', lines);
    }
}
