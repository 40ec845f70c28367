using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>Changes an owner's alert settings, and notifies the owner if that weakens the alerts.</summary>
public sealed class AlertSettings(
    SentinelCamDbContext db, AlertOptions options, AlertNotices notices, ActivityLog activity, TimeProvider time,
    ILogger<AlertSettings> logger)
{
    /// <summary>The maximum quiet period in minutes: a day.</summary>
    public const int MaxQuietMinutes = 24 * 60;

    /// <summary>The maximum length of a pause.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromDays(30);

    /// <param name="accountId">The owner.</param>
    /// <param name="preferences">The new settings, validated by the caller.</param>
    /// <param name="timeZone">An id from <see cref="TimeZones.Ids"/>, or null for the server's time zone.</param>
    public async Task ChangeAsync(long accountId, AlertPreferences preferences, string? timeZone)
    {
        ArgumentNullException.ThrowIfNull(preferences);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var account = await db.Users.SingleAsync(a => a.Id == accountId);
        await notices.AddAsync(account, [.. Weakened(account, preferences, TimeZones.Find(timeZone))]);
        if (string.Join(", ", Changed(account, preferences, timeZone)) is { Length: > 0 } changed)
            activity.Add(accountId, ActivityKind.AlertSettingsChanged, changed);
        account.AlertFrom = preferences.AlertFrom;
        account.QuietMinutes = preferences.QuietMinutes;
        account.PausedUntil = preferences.PausedUntil;
        account.TimeZone = timeZone;
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} changed its alert settings: {Preferences}", accountId, preferences);
    }

    /// <summary>The new values of what changes.</summary>
    private static IEnumerable<string> Changed(Account account, AlertPreferences preferences, string? timeZone)
    {
        if (preferences.AlertFrom != account.AlertFrom)
            yield return string.Create(CultureInfo.InvariantCulture, $"first email at failure {preferences.AlertFrom}");
        if (preferences.QuietMinutes != account.QuietMinutes)
        {
            yield return preferences.QuietMinutes is { } minutes
                ? string.Create(CultureInfo.InvariantCulture, $"quiet period {minutes} minutes")
                : "the usual quiet period";
        }

        if (preferences.PausedUntil != account.PausedUntil)
        {
            yield return preferences.PausedUntil is { } until
                ? $"paused until {MailTime.ToTheMinute(until, TimeZones.Find(timeZone))}"
                : "not paused";
        }

        if (timeZone != account.TimeZone)
            yield return timeZone is null ? "the server's time zone" : $"time zone {timeZone}";
    }

    private IEnumerable<string> Weakened(Account account, AlertPreferences preferences, TimeZoneInfo zone)
    {
        if (preferences.AlertFrom > account.AlertFrom)
        {
            yield return $"The first mail is now sent at failure number {preferences.AlertFrom} of a burst. "
                + $"Before, it was number {account.AlertFrom}.";
        }

        if (Quiet(preferences.QuietMinutes) > Quiet(account.QuietMinutes))
        {
            yield return $"The quiet period is now {Quiet(preferences.QuietMinutes):0.##} minutes. "
                + $"Before, it was {Quiet(account.QuietMinutes):0.##}.";
        }

        if (preferences.PausedUntil is { } until && until > time.GetUtcNow() && until != account.PausedUntil)
        {
            yield return $"Alerts are paused until {MailTime.ToTheMinute(until, zone)}. "
                + "Failed sign-ins are still recorded and photographed.";
        }
    }

    private double Quiet(int? minutes) => minutes ?? options.QuietPeriod.TotalMinutes;
}
