using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>
/// One try to report an entry to the central SentinelCam. It is tried until it is accepted, however long that takes. If the
/// central side refuses the device or the report and has no version of it, this device tells the owner if it has a mail server.
/// The report says so when it is accepted later.
/// </summary>
public sealed class ForwardEntryJob(
    SentinelCamDbContext db, ForwardReport reports, ForwardClient client, ForwardPauses pauses, DeliveryPlan deliveries,
    SmtpOptions smtp, NodeName node, TimeProvider time, ILogger<ForwardEntryJob> logger)
{
    private const string SwitchedOff = "This device no longer reports to a central SentinelCam.";

    private const string OnDevice = "The picture is on the device only.";

    /// <summary>
    /// After how many failed uploads a report leaves out the strip, then the picture. One failure can be that of a laptop which
    /// was closed meanwhile.
    /// </summary>
    private const int FailuresWithStrip = 2, FailuresWithPicture = 4;

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    /// <summary>The least difference of two due times in the database.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task RunAsync(long entryId, CancellationToken cancellationToken)
    {
        if (!await ClaimAsync(entryId))
            return;
        var forward = await db.Forwards.AsNoTracking().SingleAsync(f => f.EntryId == entryId, CancellationToken.None);
        if (client.Host is null)
        {
            await TellHereAsync(forward);
            await OwnTry(forward).ExecuteUpdateAsync(set => set
                .SetProperty(f => f.State, ForwardState.Done)
                .SetProperty(f => f.SendingSince, (DateTimeOffset?)null)
                .SetProperty(f => f.LastReply, SwitchedOff), CancellationToken.None);
            return;
        }

        var answer = await SendAsync(forward, cancellationToken);
        if (answer.Result is ForwardResult.Accepted)
        {
            await AcceptAsync(forward);
            logger.LogInformation("Entry {EntryId}, version {Version}, was reported at try {Tries}",
                entryId, forward.Version, forward.Tries);
            return;
        }

        if (answer is { IsRefusal: true, IsKnown: false } && smtp.Host is not null)
            await TellHereAsync(forward);
        await PostponeAsync(forward, answer);
        logger.LogWarning("Entry {EntryId} was not reported at try {Tries}: {Reply}", entryId, forward.Tries, answer.Reply);
        throw new EntryNotForwardedException(answer.Reply);
    }

    /// <summary>Claims the report for this run. Fails if it is not due or another run has claimed it.</summary>
    private async Task<bool> ClaimAsync(long entryId)
    {
        var now = time.GetUtcNow();
        var soon = now + ClockTolerance;
        return await db.Forwards
            .Where(f => f.EntryId == entryId && f.State == ForwardState.Waiting && f.DueAt <= soon)
            .ExecuteUpdateAsync(set => set
                .SetProperty(f => f.State, ForwardState.Sending)
                .SetProperty(f => f.Tries, f => f.Tries + 1)
                .SetProperty(f => f.SendingSince, now)
                .SetProperty(f => f.SentBy, node.Value)) == 1;
    }

    /// <summary>The report, as long as this run is the one that sends it.</summary>
    private IQueryable<Forward> OwnTry(Forward forward) => db.Forwards.Where(
        f => f.EntryId == forward.EntryId && f.State == ForwardState.Sending && f.Tries == forward.Tries);

    /// <summary>
    /// Sends the report. If its pictures are refused, sends it with the picture alone, then without. If they do not get through,
    /// later tries do so.
    /// </summary>
    private async Task<ForwardAnswer> SendAsync(Forward forward, CancellationToken cancellationToken)
    {
        try
        {
            var report = await reports.ReadAsync(forward);
            if (forward.FailedUploads >= FailuresWithStrip)
                report = report with { Strip = [] };
            if (forward.FailedUploads >= FailuresWithPicture && report.Picture is not null)
                report = report with { Picture = null, PictureProblem = OnDevice };
            var answer = await client.SendAsync(forward.EntryId, report, cancellationToken);
            if (answer.Result is ForwardResult.PicturesRefused && report.Strip.Count > 0)
            {
                report = report with { Strip = [] };
                answer = await client.SendAsync(forward.EntryId, report, cancellationToken);
            }

            if (answer.Result is ForwardResult.PicturesRefused && report.Picture is not null)
            {
                report = report with { Picture = null, Strip = [], PictureProblem = OnDevice };
                answer = await client.SendAsync(forward.EntryId, report, cancellationToken);
            }

            return answer;
        }
        catch (Exception error) when (DatabaseProblem.Of(error) is { } problem)
        {
            logger.LogError("Entry {EntryId} was not reported: {Problem}", forward.EntryId, problem);
            return new(ForwardResult.TryAgain, "The database could not be read.");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.LogError(error, "Entry {EntryId} could not be reported", forward.EntryId);
            return new(ForwardResult.Refused, "The report could not be made or sent. See the log.");
        }
    }

    private async Task AcceptAsync(Forward forward)
    {
        var now = time.GetUtcNow();
        await OwnTry(forward).ExecuteUpdateAsync(set => set
            // The entry may have changed meanwhile
            .SetProperty(f => f.State, f => f.Version == forward.Version ? ForwardState.Done : ForwardState.Waiting)
            .SetProperty(f => f.DueAt, now)
            .SetProperty(f => f.AcceptedVersion, forward.Version)
            .SetProperty(f => f.AcceptedAt, now)
            .SetProperty(f => f.SendingSince, (DateTimeOffset?)null)
            .SetProperty(f => f.LastReply, (string?)null)
            .SetProperty(f => f.RefusedSince, (DateTimeOffset?)null)
            .SetProperty(f => f.IsTokenRefused, false), CancellationToken.None);
        // The others need not wait for their pauses to end. Those that have not failed go first
        if (pauses.End())
        {
            var first = now - Step;
            await db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt > now).ExecuteUpdateAsync(
                set => set.SetProperty(f => f.DueAt, f => f.LastReply == null ? first : now), CancellationToken.None);
        }
    }

    private async Task PostponeAsync(Forward forward, ForwardAnswer answer)
    {
        var now = time.GetUtcNow();
        var failedUploads = forward.FailedUploads + (answer.Result is ForwardResult.UploadFailed ? 1 : 0);
        var pause = pauses.Next(answer, answer.Result is ForwardResult.UploadFailed ? failedUploads : forward.Tries);
        var dueAt = now + pause;
        var refusedSince = answer.IsRefusal ? forward.RefusedSince ?? now : forward.RefusedSince;
        await OwnTry(forward).ExecuteUpdateAsync(set => set
            .SetProperty(f => f.State, ForwardState.Waiting)
            .SetProperty(f => f.DueAt, dueAt)
            .SetProperty(f => f.SendingSince, (DateTimeOffset?)null)
            .SetProperty(f => f.LastReply, answer.Reply)
            .SetProperty(f => f.FailedUploads, failedUploads)
            .SetProperty(f => f.RefusedSince, refusedSince)
            .SetProperty(f => f.IsTokenRefused, answer.Result == ForwardResult.TokenRefused), CancellationToken.None);
        // Otherwise hundreds of reports would wait for the same silence one after the other. Another one goes first
        if (answer.Result is ForwardResult.TryAgain)
        {
            var first = dueAt - Step;
            await db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt < first)
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.DueAt, first), CancellationToken.None);
        }
    }

    /// <summary>Lets this device tell the owner, once, unless the central side has accepted a report.</summary>
    private async Task TellHereAsync(Forward forward)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        if (await OwnTry(forward).Where(f => !f.ToldHere && f.AcceptedVersion == 0)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.ToldHere, true), CancellationToken.None) == 0)
        {
            return;
        }

        if (await db.ImageLog.AsNoTracking().Include(e => e.LoginAttempt)
            .SingleOrDefaultAsync(e => e.Id == forward.EntryId, CancellationToken.None) is { LoginAttempt: { } attempt } entry)
        {
            if (attempt.ToldBy is ToldBy.OwnMail && LoginOutcomes.Successes.Contains(attempt.Outcome))
                await deliveries.AddUrgentAsync(MailKind.Success, entry);
            else if (attempt is { ToldBy: ToldBy.OwnMail, Outcome: LoginOutcome.WrongCode })
                await deliveries.AddUrgentAsync(MailKind.KnownPassword, entry);
            // Otherwise the capture, which is still to come, adds the mail
            else if (entry.CaptureState is not CaptureState.Waiting || entry.CaptureTries > 0)
                await deliveries.AddForAsync(entry, entry.CaptureState is CaptureState.Taken);
            // The alert may have closed before
            var alert = await db.Alerts.SingleAsync(a => a.Id == attempt.AlertId, CancellationToken.None);
            if (alert is { ClosedAt: not null, NeedsSummary: true } && attempt.ToldBy is ToldBy.Summary
                && !await db.Deliveries.AnyAsync(
                    d => d.AlertId == alert.Id && d.Kind == MailKind.Summary, CancellationToken.None))
            {
                await deliveries.AddSummaryAsync(alert);
            }
        }

        await db.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
    }
}

/// <summary>Shows in the job dashboard why an entry was not reported.</summary>
public sealed class EntryNotForwardedException(string reply) : Exception(reply);
