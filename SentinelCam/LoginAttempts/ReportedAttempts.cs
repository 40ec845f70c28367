using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.LoginAttempts;

/// <summary>Records an attempt that a device has reported with its alert and entry, within the caller's transaction.</summary>
/// <remarks>
/// Not with <see cref="LoginAttemptRecorder"/>: the device has decided the outcome and taken the picture, and in a flood it has
/// counted what is not reported one by one. What comes late, after hours offline, forms bursts by the time of its arrival.
/// </remarks>
public sealed class ReportedAttempts(
    SentinelCamDbContext db, AlertGrouping grouping, DeliveryPlan deliveries, AttemptMetrics metrics)
{
    private const int MaxAttempts = 1_000_000_000;

    /// <summary>Records the attempt.</summary>
    /// <param name="attempt">The attempt, with the name of its device.</param>
    /// <param name="clockErrorSeconds">See <see cref="ImageLogEntry.ClockErrorSeconds"/>.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="isTold">Whether the device has told the owner.</param>
    /// <param name="complete">Adds the picture, or why there is none.</param>
    /// <param name="isPictureToCome">Whether a later report brings the picture, for which the mail waits a little.</param>
    /// <returns>The entry.</returns>
    public async Task<ImageLogEntry> AddAsync(
        LoginAttempt attempt, long? clockErrorSeconds, DateTimeOffset now, bool isTold, Action<ImageLogEntry> complete,
        bool isPictureToCome)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(complete);
        var isSuccess = LoginOutcomes.Successes.Contains(attempt.Outcome);
        if (isSuccess)
            await JoinSuccessAsync(attempt, now, isTold);
        else
            await JoinFailureAsync(attempt, now, isTold);
        metrics.Recorded(attempt);
        var entry = db.Add(new ImageLogEntry
        {
            OwnerId = attempt.OwnerId,
            Trigger = attempt.Outcome switch
            {
                LoginOutcome.SucceededAfterFailures => CaptureTrigger.SuccessAfterFailures,
                LoginOutcome.SucceededInNewBrowser => CaptureTrigger.NewBrowser,
                _ => CaptureTrigger.FailedLogin,
            },
            At = attempt.At,
            ClockErrorSeconds = clockErrorSeconds,
            Outcome = attempt.Outcome,
            Origin = attempt.Origin,
            AlertId = attempt.AlertId,
            CaptureDueAt = now,
            LoginAttempt = attempt,
        }).Entity;
        complete(entry);
        await db.SaveChangesAsync();
        if (attempt.ToldBy is ToldBy.OwnMail)
        {
            var kind = isSuccess ? MailKind.Success
                : attempt.Outcome is LoginOutcome.WrongCode ? MailKind.KnownPassword
                : MailKind.Attempt;
            await deliveries.AddReportedAsync(kind, entry, isPictureToCome);
        }

        return entry;
    }

    /// <summary>Adds further failures that a report stands for. A device cannot make the number overflow.</summary>
    public static void Count(Alert alert, int more)
    {
        ArgumentNullException.ThrowIfNull(alert);
        alert.Attempts = Math.Min(alert.Attempts + more, MaxAttempts);
    }

    private async Task JoinFailureAsync(LoginAttempt attempt, DateTimeOffset now, bool isTold)
    {
        int? alertFrom = attempt.Origin is AttemptOrigin.WebPage ? null
            : DeviceServices.DefaultAlertFrom(DeviceServices.KindOf(attempt.Service));
        var joined = await grouping.JoinAsync(attempt, now, alertFrom, mayBePhotographed: false, isTold: isTold);
        Count(joined.Alert, attempt.Count - 1);
        (attempt.AlertId, attempt.NumberInAlert, attempt.ToldBy) = (joined.Alert.Id, joined.Alert.Attempts, joined.ToldBy);
    }

    private async Task JoinSuccessAsync(LoginAttempt attempt, DateTimeOffset now, bool isTold)
    {
        attempt.ToldBy = isTold ? ToldBy.Device
            : await grouping.IsMailLimitReachedAsync(attempt, now) ? ToldBy.Nothing
            : ToldBy.OwnMail;
        var alert = await grouping.AlertBeforeSuccessAsync(attempt) ?? await grouping.OpenNewBrowserAsync(attempt, now);
        AlertGrouping.JoinSuccess(alert, attempt);
        (attempt.AlertId, attempt.NumberInAlert) = (alert.Id, alert.Attempts);
    }
}
