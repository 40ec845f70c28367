using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>Changes what an owner wishes to be told, and tells them where it becomes less.</summary>
public sealed class AlertSettings(SentinelCamDbContext db, AlertOptions options, AlertNotices notices, TimeProvider time, ILogger<AlertSettings> logger)
{
    /// <summary>The longest quiet period in minutes: a day.</summary>
    public const int MaxQuietMinutes = 24 * 60;

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromDays(30);

    /// <param name="accountId">The owner.</param>
    /// <param name="wishes">What they wish, checked by the caller.</param>
    /// <param name="timeZone">An id of <see cref="TimeZones.Ids"/>, or null for the server's.</param>
    public async Task ChangeAsync(long accountId, AlertWishes wishes, string? timeZone)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.SingleAsync(a => a.Id == accountId);
        await notices.AddAsync(account, [.. Weakened(account, wishes, TimeZones.Find(timeZone))]);
        (account.AlertFrom, account.QuietMinutes, account.PausedUntil, account.TimeZone) = (wishes.AlertFrom, wishes.QuietMinutes, wishes.PausedUntil, timeZone);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} changed its alerts: {Wishes}", accountId, wishes);
    }

    private IEnumerable<string> Weakened(Account account, AlertWishes wishes, TimeZoneInfo zone)
    {
        if (wishes.AlertFrom > account.AlertFrom)
            yield return $"The first mail comes at failure number {wishes.AlertFrom} of a burst, not at number {account.AlertFrom}.";
        if (Quiet(wishes.QuietMinutes) > Quiet(account.QuietMinutes))
            yield return $"The quiet period is {Quiet(wishes.QuietMinutes):0.##} minutes, not {Quiet(account.QuietMinutes):0.##}.";
        if (wishes.PausedUntil is { } until && until > time.GetUtcNow() && until != account.PausedUntil)
            yield return string.Create(CultureInfo.InvariantCulture, $"Alerts pause until {TimeZoneInfo.ConvertTime(until, zone):dddd, d MMMM yyyy, HH:mm zzz} ({zone.Id}). Failed sign-ins are still recorded and photographed.");
    }

    private double Quiet(int? minutes) => minutes ?? options.QuietPeriod.TotalMinutes;
}
