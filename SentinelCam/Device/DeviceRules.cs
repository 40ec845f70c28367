using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Device;

/// <summary>When failed log-ins through one kind of program are alerted.</summary>
/// <param name="Service">The kind of program.</param>
/// <param name="AlertFrom">The number of the failure in a burst that is mailed at once.</param>
/// <param name="IsOff">Whether log-ins through it are ignored.</param>
public sealed record ServiceRule(DeviceService Service, int AlertFrom, bool IsOff);

/// <summary>Who is told about which log-ins to the device, and from which failure on.</summary>
public sealed class DeviceRules(SentinelCamDbContext db, AlertNotices notices, ActivityLog activity, ILogger<DeviceRules> logger)
{
    /// <summary>The longest name of a user of the device.</summary>
    public const int MaxUserLength = 64;

    /// <summary>The assigned users of the device, by name.</summary>
    public Task<List<DeviceUser>> UsersAsync() => db.DeviceUsers.AsNoTracking().OrderBy(u => u.Name).ToListAsync();

    /// <summary>Assigns a user of the device to an account, or to nobody: then the administrators get the alerts.</summary>
    /// <param name="user">The user's name.</param>
    /// <param name="accountId">An approved account; null for nobody.</param>
    /// <returns>False if there is no such account, or the name is no user's.</returns>
    public async Task<bool> AssignAsync(string? user, long? accountId)
    {
        user = VisitorText.Clean(user, MaxUserLength);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.SingleOrDefaultAsync(a => a.Id == accountId && a.ApprovedAt != null);
        if (user.Length == 0 || (accountId is not null && account is null))
            return false;
        var before = await db.DeviceUsers.SingleOrDefaultAsync(u => u.Name == user);
        if (before?.AccountId == accountId)
            return true;
        if (before is not null && await db.Users.SingleOrDefaultAsync(a => a.Id == before.AccountId) is { } former)
        {
            await notices.AddAsync(former, [Notice("are no longer")]);
            activity.Add(former.Id, ActivityKind.DeviceUserUnassigned, user);
        }

        if (account is not null)
        {
            await notices.AddAsync(account, [Notice("are now")]);
            activity.Add(account.Id, ActivityKind.DeviceUserAssigned, user);
        }

        if (before is null)
            db.Add(new DeviceUser { Name = user, AccountId = accountId!.Value });
        else if (accountId is null)
            db.Remove(before);
        else
            before.AccountId = accountId.Value;
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("The device's user {User} was assigned to account {AccountId}", user, accountId);
        return true;

        string Notice(string change) =>
            $"An administrator changed who is told: failed log-ins to the device as its user {user} {change} reported to you.";
    }

    /// <summary>The rules of an owner, or those for everyone else, one for each kind of program.</summary>
    /// <param name="ownerId">The owner; null: the rules of everyone who has none.</param>
    public async Task<IReadOnlyList<ServiceRule>> ServicesAsync(long? ownerId)
    {
        var rules = await db.DeviceRules.AsNoTracking().Where(r => r.OwnerId == ownerId || r.OwnerId == null).ToListAsync();
        return
        [
            .. Enum.GetValues<DeviceService>().Select(kind =>
            {
                var general = rules.Find(r => r.OwnerId is null && r.Service == kind);
                var own = rules.Find(r => r.OwnerId == ownerId && r.Service == kind) ?? general;
                return new ServiceRule(
                    kind, own?.AlertFrom ?? DeviceServices.DefaultAlertFrom(kind), general?.IsOff ?? false);
            }),
        ];
    }

    /// <summary>Changes the rules of an owner, who is notified, or those for everyone else.</summary>
    /// <param name="ownerId">The owner; null: the rules of everyone who has none.</param>
    /// <param name="wanted">
    /// The rules, validated by the caller: from failure 1 to <see cref="AlertPreferences.MaxAlertFrom"/>. An owner's rule cannot
    /// switch a program off.
    /// </param>
    public async Task ChangeServicesAsync(long? ownerId, IReadOnlyList<ServiceRule> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var before = await ServicesAsync(ownerId);
        var stored = await db.DeviceRules.Where(r => r.OwnerId == ownerId).ToListAsync();
        // Unchanged, a rule goes on following that for everyone
        var changed = wanted.Except(before).ToList();
        if (changed.Count > 0)
        {
            activity.Add(ownerId,
                ownerId is null ? ActivityKind.DeviceProgramsChanged : ActivityKind.DeviceSettingsChanged,
                string.Join(", ", changed.Select(rule => rule.Service.InWords())));
        }

        foreach (var rule in changed)
        {
            var own = stored.Find(r => r.Service == rule.Service);
            if (own is null)
                db.Add(own = new DeviceRule { OwnerId = ownerId, Service = rule.Service });
            (own.AlertFrom, own.IsOff) = (rule.AlertFrom, ownerId is null && rule.IsOff);
        }

        if (ownerId is not null)
        {
            var account = await db.Users.SingleAsync(a => a.Id == ownerId);
            await notices.AddAsync(account,
            [
                .. from rule in wanted
                   let old = before.Single(b => b.Service == rule.Service)
                   where rule.AlertFrom > old.AlertFrom
                   select $"{rule.Service.InWords()}: the first mail is now sent at failure number {rule.AlertFrom} of a burst. "
                       + $"Before, it was number {old.AlertFrom}.",
            ]);
        }

        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("The rules for log-ins to the device of account {AccountId} were changed", ownerId);
    }
}
