using Hangfire;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>
/// One try to send a delivery's mail. Records what the mail server said and when the next try is due; <see cref="WorkStarter"/> starts
/// that one.
/// </summary>
public sealed class SendAlertJob(
    SentinelCamDbContext db, AlertContentQuery contents, IMailTransport transport, Thumbnails thumbnails, TimeProvider time,
    ILogger<SendAlertJob> logger)
{
    /// <summary>After this time without success a delivery has failed.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(5);

    /// <summary>With fewer tries than this, over an hour's worth, a delivery has not failed yet.</summary>
    public const int MinTries = 10;

    /// <summary>The time before the second, third, ... try; the last one repeats.</summary>
    private static readonly TimeSpan[] Delays = [.. new[] { 10, 30, 60, 120, 300, 600, 1200, 1800 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two tries.</summary>
    public static TimeSpan LongestDelay => Delays[^1];

    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task RunAsync(long deliveryId, CancellationToken cancellationToken)
    {
        if (!await ClaimAsync(deliveryId))
            return;

        var delivery = await db.Deliveries.AsNoTracking().SingleAsync(d => d.Id == deliveryId, CancellationToken.None);
        var (outcome, isMoot) = await SendAsync(delivery, cancellationToken);
        var state = StateAfter(delivery, outcome);
        var reply = outcome.Remedy is null ? outcome.Reply : $"{outcome.Reply} {outcome.Remedy}";
        if (!await RecordAsync(delivery, state, reply, outcome.SignInRefused, isMoot))
            return;

        var attemptId = await db.ImageLog
            .Where(e => e.Id == delivery.EntryId).Select(e => e.LoginAttemptId).SingleOrDefaultAsync(CancellationToken.None);
        logger.Log(state is DeliveryState.Accepted ? LogLevel.Information : LogLevel.Warning,
            "Delivery {DeliveryId} ({Kind}) of entry {EntryId}, attempt {AttemptId}, alert {AlertId}: {State} at try {Tries}: {Reply}",
            delivery.Id, delivery.Kind, delivery.EntryId, attemptId, delivery.AlertId, state, delivery.Tries, reply);
        if (state is DeliveryState.Waiting)
            throw new MailNotAcceptedException(reply);
    }

    /// <summary>Whether this run may send: the mail is due, not done, and no other run is sending it.</summary>
    private async Task<bool> ClaimAsync(long deliveryId)
    {
        var now = time.GetUtcNow();
        var soon = now + ClockTolerance;
        return await db.Deliveries
            .Where(d => d.Id == deliveryId && d.State == DeliveryState.Waiting && d.DueAt <= soon)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Sending)
                .SetProperty(d => d.Tries, d => d.Tries + 1)
                .SetProperty(d => d.SendingSince, now)) == 1;
    }

    private DeliveryState StateAfter(Delivery delivery, MailOutcome outcome) => outcome.Result switch
    {
        MailResult.Accepted => DeliveryState.Accepted,
        MailResult.RefusedForGood => DeliveryState.Failed,
        // Days with the machine off are no tries
        _ when time.GetUtcNow() - delivery.QueuedAt > GiveUpAfter && delivery.Tries >= MinTries => DeliveryState.Failed,
        _ => DeliveryState.Waiting,
    };

    /// <returns>False where the sweep gave this run up and another has begun: the other one's result counts.</returns>
    private async Task<bool> RecordAsync(Delivery delivery, DeliveryState state, string reply, bool signInRefused, bool isMoot)
    {
        var now = time.GetUtcNow();
        var dueAt = now + Delays[Math.Min(delivery.Tries, Delays.Length) - 1];
        DateTimeOffset? acceptedAt = state is DeliveryState.Accepted ? now : null;
        var acceptedBy = acceptedAt is null ? null : transport.Description;
        // Accepted is accepted, even if another run is trying
        var own = db.Deliveries.Where(d => d.Id == delivery.Id
            && (state == DeliveryState.Accepted || (d.State == DeliveryState.Sending && d.Tries == delivery.Tries)));
        return await own.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, state)
            .SetProperty(d => d.LastReply, reply)
            .SetProperty(d => d.DueAt, dueAt)
            .SetProperty(d => d.SendingSince, (DateTimeOffset?)null)
            .SetProperty(d => d.SignInRefused, signInRefused)
            // Nobody needs to be told about a mail that nobody waits for
            .SetProperty(d => d.AcknowledgedAt, d => isMoot ? now : d.AcknowledgedAt)
            .SetProperty(d => d.AcceptedAt, acceptedAt)
            .SetProperty(d => d.AcceptedBy, acceptedBy)) == 1;
    }

    /// <returns>What became of the mail, and whether it is moot: what it would say no longer concerns anybody.</returns>
    private async Task<(MailOutcome Outcome, bool IsMoot)> SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        MimeMessage message;
        try
        {
            if (await contents.FindAsync(delivery) is not { } content)
                return (new MailOutcome(MailResult.RefusedForGood, "Not sent: what it is about was deleted or has expired, "
                    + "or its recipient was removed or suspended before the mail left."), IsMoot: true);
            message = AlertMessage.Compose(content, thumbnails.TryMake);
        }
        catch (Exception error)
        {
            return (Unsent(delivery, error), IsMoot: false);
        }

        try
        {
            return (await transport.SendAsync(message, cancellationToken), IsMoot: false);
        }
        catch (OperationCanceledException)
        {
            return (new MailOutcome(MailResult.TryAgain, "SentinelCam was stopped before the mail left."), IsMoot: false);
        }
        catch (Exception error)
        {
            return (Unsent(delivery, error), IsMoot: false);
        }
    }

    /// <summary>Whatever goes wrong must not leave the delivery in the state of being sent.</summary>
    private MailOutcome Unsent(Delivery delivery, Exception error)
    {
        logger.LogError(error, "Delivery {DeliveryId} could not be composed or sent", delivery.Id);
        return new MailOutcome(MailResult.TryAgain, "The mail could not be composed; the log says more.");
    }
}

/// <summary>Shows in the jobs' dashboard why a mail was not accepted. The message is what the mail server said.</summary>
public sealed class MailNotAcceptedException(string reply) : Exception(reply);
