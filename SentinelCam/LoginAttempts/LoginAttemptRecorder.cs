using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.LoginAttempts;

/// <summary>Records an attempt with its alert and image log entry, within the caller's transaction.</summary>
public sealed class LoginAttemptRecorder(
    SentinelCamDbContext db, AlertGrouping grouping, FloodBounds bounds, DeliveryPlan deliveries, ForwardPlan forwards,
    LiveNodes nodes, AttemptMetrics metrics, ILogger<LoginAttemptRecorder> logger)
{
    /// <summary>The success that was recorded last in this request; null if there is none.</summary>
    public LoginAttempt? Success { get; private set; }

    /// <summary>Records a failure.</summary>
    /// <param name="attempt">The attempt, as far as its source knows it.</param>
    /// <param name="countedAt">When it was counted: later than it happened if it had to wait.</param>
    /// <param name="alertFrom">The number of the failure that is mailed at once; null: the owner's preference.</param>
    /// <param name="noPicture">Why no picture is to be taken, in words for the owner; null to take one.</param>
    public async Task AddFailureAsync(
        LoginAttempt attempt, DateTimeOffset countedAt, int? alertFrom = null, string? noPicture = null)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        metrics.Recorded(attempt);
        (attempt.TraceParent, attempt.Device) = (Telemetry.CurrentTrace, nodes.Device);
        var joined = await grouping.JoinAsync(attempt, countedAt, alertFrom, mayBePhotographed: noPicture is null,
            attempt.Outcome is LoginOutcome.NotChecked ? FloodBounds.LeastQuiet : TimeSpan.Zero);
        (attempt.AlertId, attempt.NumberInAlert, attempt.ToldBy) = (joined.Alert.Id, joined.Alert.Attempts, joined.ToldBy);
        var isOnlyCounted = await bounds.IsOnlyCountedAsync(joined, attempt.Outcome, countedAt);
        if (isOnlyCounted)
        {
            if (await bounds.CountAsync(attempt) is { } counting)
            {
                await SaveAsync(counting);
                return;
            }

            noPicture = FloodBounds.NotPhotographed;
        }

        var entry = NewEntry(attempt, CaptureTrigger.FailedLogin, countedAt);
        if (!joined.IsPhotographed)
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, noPicture ?? AlertGrouping.NotPhotographed);
        await SaveAsync(entry);
        if (joined.ToldBy is not ToldBy.OwnMail)
            return;
        if (attempt.Outcome is LoginOutcome.WrongCode)
            await deliveries.AddUrgentAsync(MailKind.KnownPassword, entry);
        // The mail follows the capture, so without one it is due now
        else if (!joined.IsPhotographed)
            await deliveries.AddForAsync(entry, pictureTaken: false);
        await db.SaveChangesAsync();
    }

    /// <summary>Records a success if it follows three failures within an hour, or comes from a new browser.</summary>
    /// <param name="attempt">The attempt, as far as its source knows it.</param>
    /// <param name="countedAt">When it was counted.</param>
    /// <param name="noPicture">Why no picture is to be taken, in words for the owner; null to take one.</param>
    /// <returns>False for any other success, which is not recorded.</returns>
    public async Task<bool> AddSuccessAsync(LoginAttempt attempt, DateTimeOffset countedAt, string? noPicture = null)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        attempt.Device = nodes.Device;
        var alert = await grouping.AlertBeforeSuccessAsync(attempt);
        if (alert is null && !attempt.IsNewBrowser)
            return false;
        var (outcome, trigger) = alert is null
            ? (LoginOutcome.SucceededInNewBrowser, CaptureTrigger.NewBrowser)
            : (LoginOutcome.SucceededAfterFailures, CaptureTrigger.SuccessAfterFailures);
        attempt.Outcome = outcome;
        // An attacker who has the password could otherwise trigger mail after mail
        var isTold = !await grouping.IsMailLimitReachedAsync(attempt, countedAt);
        alert ??= await grouping.OpenNewBrowserAsync(attempt, countedAt);
        metrics.Recorded(attempt);
        attempt.TraceParent = Telemetry.CurrentTrace;
        (attempt.AlertId, attempt.NumberInAlert) = (alert.Id, alert.Attempts);
        attempt.ToldBy = isTold ? ToldBy.OwnMail : ToldBy.Nothing;
        AlertGrouping.JoinSuccess(alert, attempt);
        var entry = NewEntry(attempt, trigger, countedAt);
        if (!isTold || noPicture is not null)
            (entry.CaptureState, entry.CaptureProblem) = (CaptureState.Failed, isTold ? noPicture : AlertGrouping.NotMailed);
        await SaveAsync(entry);
        if (isTold)
        {
            // Committed before the picture is taken: the person who signed in could delete the entry, but not the mail
            await deliveries.AddUrgentAsync(MailKind.Success, entry);
            await db.SaveChangesAsync();
        }

        Success = attempt;
        return true;
    }

    /// <summary>Records a test, which then takes the same way as a failure.</summary>
    /// <returns>Its entry.</returns>
    public async Task<ImageLogEntry> AddTestAsync(LoginAttempt attempt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        attempt.Device = nodes.Device;
        var joined = await grouping.OpenTestAsync(attempt, now);
        (attempt.AlertId, attempt.NumberInAlert, attempt.ToldBy) = (joined.Alert.Id, joined.Alert.Attempts, joined.ToldBy);
        var entry = NewEntry(attempt, CaptureTrigger.Test, now);
        await SaveAsync(entry);
        return entry;
    }

    private ImageLogEntry NewEntry(LoginAttempt attempt, CaptureTrigger trigger, DateTimeOffset dueAt) =>
        db.Add(new ImageLogEntry
        {
            OwnerId = attempt.OwnerId,
            Trigger = trigger,
            At = attempt.At,
            Outcome = attempt.Outcome,
            Origin = attempt.Origin,
            AlertId = attempt.AlertId,
            Node = nodes.Self,
            CaptureDueAt = dueAt,
            LoginAttempt = attempt,
        }).Entity;

    private async Task SaveAsync(ImageLogEntry entry)
    {
        await db.SaveChangesAsync();
        await forwards.AddAsync(entry);
        var attempt = entry.LoginAttempt!;
        if (attempt.Origin is AttemptOrigin.WebPage)
        {
            logger.LogInformation(
                "Attempt {AttemptId}: {Outcome} for {Account} from {RemoteAddress}, entry {EntryId}, alert {AlertId}",
                attempt.Id, attempt.Outcome, attempt.AccountTyped, attempt.RemoteAddress, entry.Id, attempt.AlertId);
        }
        else
        {
            logger.LogInformation(
                "Attempt {AttemptId}: {Outcome} for the device's user {User} through {Service}, {Origin}, "
                    + "from {RemoteAddress}, entry {EntryId}, alert {AlertId}",
                attempt.Id, attempt.Outcome, attempt.AccountTyped, attempt.Service, attempt.Origin, attempt.RemoteAddress,
                entry.Id, attempt.AlertId);
        }
    }
}
