using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>
/// One try to send a delivery's mail. Records the mail server's reply and when the next try is due, which
/// <see cref="WorkStarter"/> starts.
/// </summary>
public sealed class SendAlertJob(
    SentinelCamDbContext db, AlertContentQuery contents, IMailTransport transport, Thumbnails thumbnails, MailTurns turns,
    ClockWatch clock, NodeName node, OutagePatience outages, JobMetrics metrics, TimeProvider time,
    ILogger<SendAlertJob> logger)
{
    /// <summary>After this time without success, a delivery has failed.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(5);

    /// <summary>A delivery does not fail before this many tries, which take more than an hour.</summary>
    public const int MinTries = 10;

    /// <summary>The delays before the second and later tries; the last one repeats.</summary>
    private static readonly TimeSpan[] Delays =
        [.. new[] { 10, 30, 60, 120, 300, 600, 1200, 1800 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    /// <summary>
    /// The same after a complete message without a reply. It has probably arrived, and each try may bring another copy.
    /// </summary>
    private static readonly TimeSpan[] DelaysAfterUnknown =
        [.. new[] { 10, 30, 60, 120 }.Select(minutes => TimeSpan.FromMinutes(minutes))];

    /// <summary>After this time a mail that may fit only without large pictures is sent with smaller ones.</summary>
    private static readonly TimeSpan SmallerAfter = TimeSpan.FromHours(1);

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two tries.</summary>
    public static TimeSpan LongestDelay => Delays[^1];

    /// <summary>The longest time before another try of a mail that may have arrived.</summary>
    public static TimeSpan LongestDelayAfterUnknown => DelaysAfterUnknown[^1];

    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task RunAsync(long deliveryId, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (turn, id) = await turns.TakeAsync(deliveryId, cancellationToken);
            using (turn)
            {
                var refusal = await SendIfDueAsync(id, cancellationToken);
                if (id != deliveryId)
                    continue;
                if (refusal is not null)
                    throw new MailNotAcceptedException(refusal);
                return;
            }
        }
    }

    /// <returns>The reply of a mail server that did not accept the mail for now; null if no other try is due.</returns>
    private async Task<string?> SendIfDueAsync(long deliveryId, CancellationToken cancellationToken)
    {
        // Before its age decides whether it has failed
        await clock.CheckAsync(db, CancellationToken.None);
        if (!await ClaimAsync(deliveryId))
            return null;

        var delivery = await db.Deliveries.AsNoTracking().SingleAsync(d => d.Id == deliveryId, CancellationToken.None);
        using var trace = Telemetry.ContinueTrace("send mail", delivery.TraceParent);
        var (outcome, isMoot) = await SendAsync(delivery, cancellationToken);
        metrics.Tried(outcome);
        trace?.SetTag("result", outcome.Result.Label());
        var state = StateAfter(delivery, outcome);
        var reply = outcome.Remedy is null ? outcome.Reply : $"{outcome.Reply} {outcome.Remedy}";
        if (!await outages.RecordAsync($"The outcome of delivery {delivery.Id}",
            services => RecordAsync(
                services.GetRequiredService<SentinelCamDbContext>(), delivery, state, reply, outcome, isMoot),
            cancellationToken))
        {
            return null;
        }

        if (state is DeliveryState.Accepted or DeliveryState.Failed)
            metrics.Ended(state, time.GetUtcNow() - delivery.QueuedAt);
        var attemptId = await db.ImageLog
            .Where(e => e.Id == delivery.EntryId).Select(e => e.LoginAttemptId).SingleOrDefaultAsync(CancellationToken.None);
        logger.Log(state is DeliveryState.Accepted ? LogLevel.Information : LogLevel.Warning,
            "Delivery {DeliveryId} ({Kind}) of entry {EntryId}, attempt {AttemptId}, alert {AlertId}: "
                + "{State} at try {Tries}: {Reply}",
            delivery.Id, delivery.Kind, delivery.EntryId, attemptId, delivery.AlertId, state, delivery.Tries, reply);
        return state is DeliveryState.Waiting ? reply : null;
    }

    /// <summary>Claims the delivery for this run. Fails if the mail is not due or another run has claimed it.</summary>
    private async Task<bool> ClaimAsync(long deliveryId)
    {
        var now = time.GetUtcNow();
        var soon = now + ClockTolerance;
        return await db.Deliveries
            .Where(d => d.Id == deliveryId && d.State == DeliveryState.Waiting && d.DueAt <= soon)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Sending)
                .SetProperty(d => d.Tries, d => d.Tries + 1)
                .SetProperty(d => d.SendingSince, now)
                .SetProperty(d => d.SentBy, node.Value)) == 1;
    }

    private DeliveryState StateAfter(Delivery delivery, MailOutcome outcome) => outcome.Result switch
    {
        MailResult.Accepted => DeliveryState.Accepted,
        MailResult.RefusedForGood => DeliveryState.Failed,
        // A machine that was off for days has not tried
        _ when time.GetUtcNow() - delivery.QueuedAt > GiveUpAfter && delivery.Tries >= MinTries => DeliveryState.Failed,
        _ => DeliveryState.Waiting,
    };

    /// <returns>False if this run was considered lost and another one has started, whose result counts.</returns>
    private async Task<bool> RecordAsync(
        SentinelCamDbContext db, Delivery delivery, DeliveryState state, string reply, MailOutcome outcome, bool isMoot)
    {
        var now = time.GetUtcNow();
        var mayHaveArrived = outcome is { Result: MailResult.Unknown, SmallerMayPass: false };
        var delays = mayHaveArrived ? DelaysAfterUnknown : Delays;
        var dueAt = now + delays[Math.Min(delivery.Tries, delays.Length) - 1];
        DateTimeOffset? acceptedAt = state is DeliveryState.Accepted ? now : null;
        var acceptedBy = acceptedAt is null ? null : transport.Description;
        // A mail that was accepted stays accepted, even if another run is sending it
        var own = state is DeliveryState.Accepted ? db.Deliveries.Where(d => d.Id == delivery.Id) : OwnTry(db, delivery);
        // The last trace of its account
        if (delivery.Kind is MailKind.AccountDeleted && (state is DeliveryState.Accepted or DeliveryState.Failed))
            return await own.ExecuteDeleteAsync() == 1;
        return await own.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, state)
            .SetProperty(d => d.LastReply, reply)
            .SetProperty(d => d.DueAt, dueAt)
            .SetProperty(d => d.SendingSince, (DateTimeOffset?)null)
            .SetProperty(d => d.SignInRefused, outcome.SignInRefused)
            .SetProperty(d => d.MayHaveArrived, mayHaveArrived)
            // Raises no notice about a mail that nobody expects
            .SetProperty(d => d.AcknowledgedAt, d => isMoot ? now : d.AcknowledgedAt)
            .SetProperty(d => d.AcceptedAt, acceptedAt)
            .SetProperty(d => d.AcceptedBy, acceptedBy)) == 1;
    }

    /// <summary>The delivery, as long as this run is the one that sends it.</summary>
    private static IQueryable<Delivery> OwnTry(SentinelCamDbContext db, Delivery delivery) =>
        db.Deliveries.Where(d => d.Id == delivery.Id && d.State == DeliveryState.Sending && d.Tries == delivery.Tries);

    /// <returns>The outcome, and whether the mail is moot because its content no longer concerns anyone.</returns>
    private async Task<(MailOutcome Outcome, bool IsMoot)> SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await contents.FindAsync(delivery) is { } content
                ? (await SendAsync(delivery, content, cancellationToken), IsMoot: false)
                : (new MailOutcome(MailResult.RefusedForGood, "Not sent because its subject was deleted or has expired, "
                    + "or its recipient was removed or suspended."), IsMoot: true);
        }
        catch (OperationCanceledException)
        {
            return (new MailOutcome(MailResult.TryAgain, "SentinelCam stopped before the email was sent."), IsMoot: false);
        }
        catch (Exception error) when (DatabaseProblem.Of(error) is { } problem)
        {
            logger.LogError("Delivery {DeliveryId} was not sent: {Problem}", delivery.Id, problem);
            return (new MailOutcome(MailResult.TryAgain, "The database could not be read."), IsMoot: false);
        }
        catch (Exception error)
        {
            return (Unsent(delivery, error), IsMoot: false);
        }
    }

    /// <summary>Sends the mail. If the server refuses it as too large, sends it with smaller pictures, then without.</summary>
    private async Task<MailOutcome> SendAsync(Delivery delivery, AlertContent content, CancellationToken cancellationToken)
    {
        MailOutcome? refusal = null;
        foreach (var maxPictureBytes in MailPictures.SizesFor(content))
        {
            // Each mail has its own time
            if (refusal is not null && await OwnTry(db, delivery).ExecuteUpdateAsync(
                set => set.SetProperty(d => d.SendingSince, time.GetUtcNow()), CancellationToken.None) == 0)
            {
                return refusal;
            }

            var message = AlertMessage.Compose(content, thumbnails.TryMake, maxPictureBytes);
            var outcome = await transport.SendAsync(message, cancellationToken);
            if (outcome.Result is MailResult.Accepted && refusal is not null)
            {
                var pictures = maxPictureBytes > 0 ? "smaller pictures" : "no pictures";
                return new MailOutcome(MailResult.Accepted, $"{outcome.Reply} (with {pictures}, after {refusal.Reply})");
            }

            if (!MayPassSmaller(outcome, delivery))
                return outcome;
            refusal = outcome;
        }

        return refusal!;
    }

    private bool MayPassSmaller(MailOutcome outcome, Delivery delivery) =>
        outcome.Result is MailResult.TooLarge || (outcome.SmallerMayPass && time.GetUtcNow() - delivery.QueuedAt > SmallerAfter);

    /// <summary>Turns any error into an outcome, so that the delivery does not remain in the sending state.</summary>
    private MailOutcome Unsent(Delivery delivery, Exception error)
    {
        logger.LogError(error, "Delivery {DeliveryId} could not be composed or sent", delivery.Id);
        return new MailOutcome(MailResult.TryAgain, "The email could not be composed or sent. See the log.");
    }
}

/// <summary>Shows in the job dashboard why a mail was not accepted. The message is the mail server's reply.</summary>
public sealed class MailNotAcceptedException(string reply) : Exception(reply);
