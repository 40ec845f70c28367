using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>What an owner preferences to be told of failed sign-ins.</summary>
/// <param name="AlertFrom">The failure of a burst that is mailed at once.</param>
/// <param name="QuietMinutes">The quiet period; null: the configured one.</param>
/// <param name="PausedUntil">No mail before then.</param>
public sealed record AlertPreferences(int AlertFrom, int? QuietMinutes, DateTimeOffset? PausedUntil)
{
    /// <summary>The highest <see cref="AlertFrom"/>.</summary>
    public const int MaxAlertFrom = 10;

    public static AlertPreferences Default { get; } = new(1, null, null);
}

/// <summary>An attempt's place in its alert.</summary>
/// <param name="Alert">The alert that it opened or joined.</param>
/// <param name="ToldBy">The mail that tells its owner about it.</param>
/// <param name="IsPhotographed">Whether its picture is to be taken.</param>
public sealed record JoinedAlert(Alert Alert, ToldBy ToldBy, bool IsPhotographed);

/// <summary>Puts each attempt into one alert and counts it there, within the caller's transaction.</summary>
public sealed class AlertGrouping(SentinelCamDbContext db, AlertOptions options)
{
    /// <summary>Why an attempt of a flood has no picture.</summary>
    public const string NotPhotographed = "No picture: of one burst at most one attempt a second is photographed, and 100 in all.";

    /// <summary>Why a success after failures has neither picture nor mail.</summary>
    public const string NotTold = "No picture and no mail: ten sign-ins like this were mailed within the hour.";

    /// <summary>Opens an alert or joins the open one, and decides which mail tells about the attempt and whether it is photographed.</summary>
    /// <param name="ownerId">Who is alerted; null: the administrators.</param>
    /// <param name="remoteAddress">Where the attempt came from.</param>
    /// <param name="now">The time, by which bursts are grouped.</param>
    public async Task<JoinedAlert> JoinAsync(long? ownerId, string remoteAddress, DateTimeOffset now)
    {
        var preferences = await db.Users.Where(a => a.Id == ownerId)
            .Select(a => new AlertPreferences(a.AlertFrom, a.QuietMinutes, a.PausedUntil)).SingleOrDefaultAsync() ?? AlertPreferences.Default;
        var quiet = preferences.QuietMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : options.QuietPeriod;
        var alert = await OpenAsync(ownerId, RemoteNetwork.Of(remoteAddress), now);
        alert.ClosesAt = Earlier(now + quiet, alert.OpenedAt + AlertOptions.LongestBurst(quiet));
        alert.Attempts++;
        var toldBy = Telling(alert, preferences, now);
        // Pictures of attempts before the mailed one are in its mail, however quickly they came
        var isPhotographed = toldBy is ToldBy.OwnMail
            || (toldBy is ToldBy.LaterMail && alert.Attempts < preferences.AlertFrom) || IsPictureDue(alert, now);
        if (toldBy is ToldBy.OwnMail)
            alert.MailedFrom = alert.Attempts;
        alert.NeedsSummary |= toldBy is ToldBy.Summary;
        if (isPhotographed)
            (alert.Captures, alert.LastCaptureAt) = (alert.Captures + 1, now);
        if (db.Entry(alert).State is EntityState.Added)
            await db.SaveChangesAsync();
        return new JoinedAlert(alert, toldBy, isPhotographed);
    }

    /// <summary>
    /// The alert that a successful sign-in belongs to. A success that was told before does not count against it: it may have been the
    /// owner's own, between the guesses of somebody else.
    /// </summary>
    /// <returns>Null where fewer than three failures came within the hour.</returns>
    public async Task<Alert?> AlertBeforeSuccessAsync(long ownerId, DateTimeOffset now)
    {
        var since = now - AlertOptions.FailuresWithin;
        var last = await db.LoginAttempts.Where(a => a.OwnerId == ownerId && a.Outcome != LoginOutcome.SucceededAfterFailures).OrderByDescending(a => a.Id)
            .Take(AlertOptions.FailuresBeforeSuccess).Select(a => new { a.At, a.AlertId }).ToListAsync();
        return last.Count == AlertOptions.FailuresBeforeSuccess && last.TrueForAll(a => a.At > since)
            ? await db.Alerts.AsNoTracking().SingleAsync(a => a.Id == last[0].AlertId)
            : null;
    }

    /// <summary>Whether so many successes after failures were mailed within the hour that one more is only recorded.</summary>
    public async Task<bool> AreEnoughSuccessesToldAsync(long ownerId, DateTimeOffset now)
    {
        var since = now - TimeSpan.FromHours(1);
        return await db.LoginAttempts.CountAsync(a => a.OwnerId == ownerId && a.At > since && a.Outcome == LoginOutcome.SucceededAfterFailures) >= AlertOptions.MaxSuccessesPerHour;
    }

    private async Task<Alert> OpenAsync(long? ownerId, string network, DateTimeOffset now)
    {
        if (await FindAsync(ownerId, network, now) is { } own)
            return own;
        // Otherwise an attacker with many addresses could trigger one mail for each
        if (ownerId is null && await IsEnoughForAnHourAsync(now))
        {
            network = Alert.ManyNetworks;
            if (await FindAsync(null, network, now) is { } shared)
                return shared;
        }

        return db.Add(new Alert { OwnerId = ownerId, RemoteNetwork = network, OpenedAt = now }).Entity;
    }

    private Task<Alert?> FindAsync(long? ownerId, string network, DateTimeOffset now) => db.Alerts
        .Where(a => a.ClosedAt == null && a.OwnerId == ownerId && (ownerId != null || a.RemoteNetwork == network) && a.ClosesAt > now)
        .OrderByDescending(a => a.ClosesAt)
        .FirstOrDefaultAsync();

    private async Task<bool> IsEnoughForAnHourAsync(DateTimeOffset now)
    {
        var since = now - TimeSpan.FromHours(1);
        return await db.Alerts.CountAsync(a => a.OwnerId == null && a.OpenedAt > since && a.RemoteNetwork != Alert.ManyNetworks) >= AlertOptions.MaxOwnerlessPerHour;
    }

    /// <summary>A clock that was set back must not keep the camera waiting: it is the distance that counts. One picture is kept for the attempt that is mailed.</summary>
    private static bool IsPictureDue(Alert alert, DateTimeOffset now) =>
        alert.Captures < (alert.MailedFrom is null ? AlertOptions.MaxCaptures - 1 : AlertOptions.MaxCaptures)
        && !((now - alert.LastCaptureAt)?.Duration() < AlertOptions.CaptureSpacing);

    /// <summary>The mail that tells about the attempt that was counted last.</summary>
    private static ToldBy Telling(Alert alert, AlertPreferences preferences, DateTimeOffset now) =>
        alert.RemoteNetwork == Alert.ManyNetworks || alert.MailedFrom is not null ? ToldBy.Summary
        : alert.Attempts < preferences.AlertFrom || preferences.PausedUntil > now ? ToldBy.LaterMail
        : ToldBy.OwnMail;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
