using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>An owner's preferences for alerts about failed sign-ins.</summary>
/// <param name="AlertFrom">The number of the failure in a burst that is mailed at once.</param>
/// <param name="QuietMinutes">The quiet period in minutes; null: <see cref="AlertOptions.QuietPeriod"/>.</param>
/// <param name="PausedUntil">Until this time, no failures are mailed.</param>
public sealed record AlertPreferences(int AlertFrom, int? QuietMinutes, DateTimeOffset? PausedUntil)
{
    /// <summary>The maximum of <see cref="AlertFrom"/>.</summary>
    public const int MaxAlertFrom = 10;

    public static AlertPreferences Default { get; } = new(1, null, null);
}

/// <summary>An attempt's place in its alert.</summary>
/// <param name="Alert">The alert that it opened or joined.</param>
/// <param name="ToldBy">The mail that tells the owner about it.</param>
/// <param name="IsPhotographed">Whether to take a picture of it.</param>
public sealed record JoinedAlert(Alert Alert, ToldBy ToldBy, bool IsPhotographed);

/// <summary>Assigns each attempt to one alert and counts it there, within the caller's transaction.</summary>
public sealed class AlertGrouping(SentinelCamDbContext db, AlertOptions options, ActivityLog activity)
{
    /// <summary>Why an attempt in a flood has no picture.</summary>
    public const string NotPhotographed = "No picture: a burst has at most one picture per second, and 100 in all.";

    /// <summary>Why a success after failures has neither a picture nor a mail.</summary>
    public const string NotMailed =
        "No picture and no email: ten emails about sign-ins like this one were queued in the last hour.";

    /// <summary>Joins the open alert or opens one. Decides which mail reports the attempt and whether to photograph it.</summary>
    /// <param name="attempt">The attempt; its owner, origin and address decide which alert it joins.</param>
    /// <param name="now">The time by which attempts are grouped.</param>
    /// <param name="alertFrom">The number of the failure that is mailed at once; null: the owner's preference.</param>
    /// <param name="mayBePhotographed">False if a picture could not show who it was.</param>
    /// <param name="leastQuiet">The quiet period is at least this.</param>
    /// <param name="isTold">Whether the device that reported the attempt has told the owner.</param>
    public async Task<JoinedAlert> JoinAsync(
        LoginAttempt attempt, DateTimeOffset now, int? alertFrom = null, bool mayBePhotographed = true,
        TimeSpan leastQuiet = default, bool isTold = false)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        var preferences = await db.Users.Where(a => a.Id == attempt.OwnerId)
            .Select(a => new AlertPreferences(a.AlertFrom, a.QuietMinutes, a.PausedUntil)).SingleOrDefaultAsync()
            ?? AlertPreferences.Default;
        preferences = preferences with { AlertFrom = alertFrom ?? preferences.AlertFrom };
        var quiet = preferences.QuietMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : options.QuietPeriod;
        var alert = await OpenAsync(attempt, now);
        if (alert.RemoteNetwork == Alert.ManyNetworks)
            leastQuiet = AlertOptions.LeastSharedQuiet;
        quiet = quiet > leastQuiet ? quiet : leastQuiet;
        alert.ClosesAt = Earlier(now + quiet, alert.OpenedAt + AlertOptions.LongestBurst(quiet));
        alert.Attempts++;
        var isPasswordKnown = attempt.Outcome is LoginOutcome.WrongCode;
        var toldBy = isTold ? ToldBy.Device
            : !isPasswordKnown ? DecideToldBy(alert, preferences, now)
            : await IsMailLimitReachedAsync(attempt, now) ? ToldBy.Summary
            : ToldBy.OwnMail;
        // Attempts before the mailed one are always photographed, because their pictures are in its mail
        var isPhotographed = mayBePhotographed && (toldBy is ToldBy.OwnMail
            || (toldBy is ToldBy.LaterMail && alert.Attempts < preferences.AlertFrom) || IsPictureDue(alert, now));
        if (isPasswordKnown)
            alert.PasswordKnownAt = attempt.At;
        else if (toldBy is ToldBy.OwnMail)
            alert.MailedFrom = alert.Attempts;
        alert.NeedsSummary |= toldBy is ToldBy.Summary;
        if (isPhotographed)
            (alert.Captures, alert.LastCaptureAt) = (alert.Captures + 1, now);
        Describe(alert, attempt);
        // The answer was about the attempts before this one. "Not me" holds for it too
        if (alert.Answer is AlertAnswer.ItWasMe)
            Ask(alert);
        if (db.Entry(alert).State is EntityState.Added)
        {
            await db.SaveChangesAsync();
            Note(alert, attempt);
        }

        return new JoinedAlert(alert, toldBy, isPhotographed);
    }

    /// <summary>Opens an alert of its own for a test, which is photographed and mailed at once.</summary>
    public async Task<JoinedAlert> OpenTestAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        var alert = NewClosed(attempt, now);
        (alert.IsTest, alert.Attempts, alert.MailedFrom, alert.Captures, alert.LastCaptureAt) = (true, 1, 1, 1, now);
        // The owner asked for it, so it is not among the new ones
        (alert.Answer, alert.AnsweredAt, alert.AnsweredThrough) = (AlertAnswer.ItWasMe, now, AnswerChannel.Page);
        Describe(alert, attempt);
        await db.SaveChangesAsync();
        return new JoinedAlert(alert, ToldBy.OwnMail, IsPhotographed: true);
    }

    /// <summary>
    /// Opens an alert of its own for a sign-in from a new browser: its question is about this browser, not about failures.
    /// </summary>
    public async Task<Alert> OpenNewBrowserAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        var alert = NewClosed(attempt, now);
        Describe(alert, attempt);
        await db.SaveChangesAsync();
        return alert;
    }

    /// <summary>An alert that is closed from the beginning, so that no attempt joins it.</summary>
    private Alert NewClosed(LoginAttempt attempt, DateTimeOffset now) => db.Add(new Alert
    {
        OwnerId = attempt.OwnerId,
        Origin = attempt.Origin,
        RemoteNetwork = NetworkOf(attempt),
        ReportedBy = attempt.ReportedBy,
        OpenedAt = now,
        ClosesAt = now,
        ClosedAt = now,
    }).Entity;

    /// <summary>Notes in its alert that a success joins. Whatever the owner answered, they are asked again.</summary>
    public static void JoinSuccess(Alert alert, LoginAttempt success)
    {
        ArgumentNullException.ThrowIfNull(alert);
        ArgumentNullException.ThrowIfNull(success);
        alert.SucceededAt = success.At;
        alert.LastAt = Later(alert.LastAt, success.At);
        Ask(alert);
    }

    /// <summary>
    /// Finds the alert that a success belongs to: of the same owner and origin, and for a log-in to the device of the same user.
    /// An earlier success does not reset the count of failures, because it may be the owner's, between someone else's guesses.
    /// </summary>
    /// <returns>Null if there were fewer than three failures within the hour.</returns>
    public async Task<Alert?> AlertBeforeSuccessAsync(LoginAttempt success)
    {
        ArgumentNullException.ThrowIfNull(success);
        var last = await db.LoginAttempts.OfTheSame(success).Failures()
            .OrderByDescending(a => a.Id).Take(AlertOptions.FailuresBeforeSuccess)
            .Select(a => new { a.At, a.AlertId }).ToListAsync();
        // Not by the time now, because a log-in to the device can be found late. Attempts at the same time come in any order
        return last.Count == AlertOptions.FailuresBeforeSuccess
            && last.TrueForAll(a => (success.At - a.At).Duration() < AlertOptions.FailuresWithin)
            ? await db.Alerts.SingleAsync(a => a.Id == last[0].AlertId)
            : null;
    }

    /// <summary>
    /// Whether another attempt that is always mailed at once, such as a success after failures, has no mail of its own, because
    /// enough of its kind were mailed within the hour.
    /// </summary>
    public async Task<bool> IsMailLimitReachedAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        var since = now - TimeSpan.FromHours(1);
        // By the time of the mails and for all users together: a device could make up both
        if (attempt.ReportedBy is { } device)
        {
            return await db.Deliveries
                .Where(d => d.CreatedAt > since && d.EntryId != null && MailKinds.Urgent.Contains(d.Kind)
                    && db.Alerts.Any(a => a.Id == d.AlertId && a.OwnerId == attempt.OwnerId && a.ReportedBy == device))
                .Select(d => d.EntryId).Distinct().CountAsync() >= AlertOptions.MaxUrgentPerHour;
        }

        return await db.LoginAttempts.OfTheSame(attempt).CountAsync(a => a.At > since && a.Outcome == attempt.Outcome)
            >= AlertOptions.MaxUrgentPerHour;
    }

    private async Task<Alert> OpenAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        var network = NetworkOf(attempt);
        if (await FindAsync(attempt, network, now) is { } own)
            return own;
        // Otherwise an attacker with many addresses could trigger one mail for each
        if (attempt.OwnerId is null && await IsOwnerlessLimitReachedAsync(attempt, now))
        {
            network = Alert.ManyNetworks;
            if (await FindAsync(attempt, network, now) is { } shared)
                return shared;
        }

        return db.Add(new Alert
        {
            OwnerId = attempt.OwnerId,
            Origin = attempt.Origin,
            RemoteNetwork = network,
            ReportedBy = attempt.ReportedBy,
            OpenedAt = now,
        }).Entity;
    }

    /// <summary>
    /// Keeps attempts without an owner apart: by network, and at the device by user, because a user can pretend that someone
    /// tried to unlock their own screen. That must not take the first mail about another user.
    /// </summary>
    private static string NetworkOf(LoginAttempt attempt)
    {
        if (attempt.Origin is AttemptOrigin.AtDevice)
            return $"user {attempt.AccountTyped}";
        var network = RemoteNetwork.Of(attempt.RemoteAddress);
        // A computer may call itself that
        return network == Alert.ManyNetworks ? $"host {network}" : network;
    }

    private Task<Alert?> FindAsync(LoginAttempt attempt, string network, DateTimeOffset now) => db.Alerts
        .Where(a => a.ClosedAt == null && a.ClosesAt > now)
        .Where(a => a.OwnerId == attempt.OwnerId && a.Origin == attempt.Origin && a.ReportedBy == attempt.ReportedBy
            && (attempt.OwnerId != null || a.RemoteNetwork == network))
        .OrderByDescending(a => a.ClosesAt)
        .FirstOrDefaultAsync();

    private async Task<bool> IsOwnerlessLimitReachedAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        var since = now - TimeSpan.FromHours(1);
        var ownerless = db.Alerts.Where(a =>
            a.OwnerId == null && a.Origin == attempt.Origin && a.ReportedBy == attempt.ReportedBy
            && a.OpenedAt > since && a.RemoteNetwork != Alert.ManyNetworks);
        return await ownerless.CountAsync() >= AlertOptions.MaxOwnerlessPerHour;
    }

    /// <summary>
    /// Whether the limits of an alert allow another picture. One picture is reserved for the attempt that is mailed. Compares the
    /// absolute distance, so that a clock that is set back does not stop the pictures.
    /// </summary>
    private static bool IsPictureDue(Alert alert, DateTimeOffset now) =>
        alert.Captures < (alert.MailedFrom is null ? AlertOptions.MaxCaptures - 1 : AlertOptions.MaxCaptures)
        && !((now - alert.LastCaptureAt)?.Duration() < AlertOptions.CaptureSpacing);

    /// <summary>The mail that reports the latest attempt.</summary>
    private static ToldBy DecideToldBy(Alert alert, AlertPreferences preferences, DateTimeOffset now) =>
        alert.RemoteNetwork == Alert.ManyNetworks || alert.MailedFrom is not null ? ToldBy.Summary
        : alert.Attempts < preferences.AlertFrom || preferences.PausedUntil > now ? ToldBy.LaterMail
        : ToldBy.OwnMail;

    /// <summary>Keeps what all attempts of the alert have in common.</summary>
    private static void Describe(Alert alert, LoginAttempt attempt)
    {
        if (alert.Attempts <= 1)
        {
            (alert.AccountTyped, alert.RemoteAddress, alert.Service, alert.Device) =
                (attempt.AccountTyped, attempt.RemoteAddress, attempt.Service, attempt.Device);
        }

        if (alert.AccountTyped != attempt.AccountTyped)
            alert.AccountTyped = LoginAttempt.SeveralAccounts;
        if (alert.RemoteAddress != attempt.RemoteAddress)
            alert.RemoteAddress = LoginAttempt.SeveralAddresses;
        if (alert.Service != attempt.Service)
            alert.Service = null;
        if (alert.Device != attempt.Device)
            alert.Device = LoginAttempt.SeveralDevices;
        alert.LastAt = Later(alert.LastAt, attempt.At);
    }

    /// <summary>Adds one line of activity for a burst: a flood of guesses must not become a flood of lines.</summary>
    private void Note(Alert alert, LoginAttempt attempt)
    {
        // On a device, it is the activity of that device
        if (attempt is { Origin: AttemptOrigin.WebPage, ReportedBy: null })
        {
            activity.Add(alert.OwnerId, ActivityKind.FailedSignIns,
                alert.OwnerId is null ? ActivityLog.Masked(attempt.AccountTyped) : null, ActivityActor.Visitor,
                new Visitor(attempt.RemoteAddress, attempt.UserAgent, IsThisMachine: false), alert.Id);
        }
    }

    private static void Ask(Alert alert) =>
        (alert.Answer, alert.AnsweredAt, alert.AnsweredThrough) = (AlertAnswer.New, null, null);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
