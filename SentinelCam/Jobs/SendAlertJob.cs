using Hangfire;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>Sends one delivery's mail, and records what the mail server said. Runs again until the mail is accepted, refused for good, or five days old.</summary>
public sealed class SendAlertJob(
    SentinelCamDbContext db, AlertContentQuery contents, IMailTransport transport, TimeProvider time, ILogger<SendAlertJob> logger)
{
    /// <summary>After this time without success a delivery has failed.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(5);

    /// <summary>Fewer tries than this, over an hour's worth, and a delivery has not failed yet.</summary>
    public const int MinTries = 10;

    /// <summary>The longest time between two tries.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(30);

    private const string NothingToSend = "Not sent: what it is about was deleted or has run out, or its recipient was removed or suspended, before the mail left.";

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    /// <summary>More than fit into <see cref="GiveUpAfter"/> with the longest delay.</summary>
    private const int MaxRetries = 300;

    [Queue(JobQueues.Mails)]
    [AutomaticRetry(Attempts = MaxRetries, LogEvents = false, DelaysInSeconds = [10, 30, 60, 120, 300, 600, 1200, 1800])]
    public async Task RunAsync(long deliveryId, CancellationToken cancellationToken)
    {
        if (!await ClaimAsync(deliveryId))
            return;

        var delivery = await db.Deliveries.AsNoTracking().SingleAsync(d => d.Id == deliveryId, CancellationToken.None);
        var outcome = await SendAsync(delivery, cancellationToken);
        var state = StateAfter(delivery, outcome);
        var reply = outcome.Remedy is null ? outcome.Reply : $"{outcome.Reply} {outcome.Remedy}";
        if (!await RecordAsync(delivery, state, reply, outcome.SignInRefused))
            return;

        var attemptId = await db.ImageLog.Where(e => e.Id == delivery.EntryId).Select(e => e.LoginAttemptId).SingleOrDefaultAsync(CancellationToken.None);
        logger.Log(state is DeliveryState.Accepted ? LogLevel.Information : LogLevel.Warning,
            "Delivery {DeliveryId} ({Kind}) of entry {EntryId}, attempt {AttemptId}, alert {AlertId}: {State} at try {Tries}: {Reply}",
            delivery.Id, delivery.Kind, delivery.EntryId, attemptId, delivery.AlertId, state, delivery.Tries, reply);
        if (state is DeliveryState.Waiting)
            throw new MailNotAcceptedException(reply);
    }

    /// <summary>
    /// Whether this run may send: the mail is due, not done, and in no other run's hands. A run that comes too early ends here, so that
    /// a mail has one chain of retries however often it was enqueued.
    /// </summary>
    private async Task<bool> ClaimAsync(long deliveryId)
    {
        var now = time.GetUtcNow();
        var soon = now + ClockTolerance;
        return await db.Deliveries
            .Where(d => d.Id == deliveryId && d.State == DeliveryState.Waiting && d.DueAt <= soon)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Sending)
                .SetProperty(d => d.Tries, d => d.Tries + 1)
                .SetProperty(d => d.DueAt, now)) == 1;
    }

    private DeliveryState StateAfter(Delivery delivery, MailOutcome outcome) => outcome.Result switch
    {
        MailResult.Accepted => DeliveryState.Accepted,
        MailResult.RefusedForGood => DeliveryState.Failed,
        // Days with the machine off are no tries
        _ when time.GetUtcNow() - delivery.QueuedAt > GiveUpAfter && delivery.Tries >= MinTries => DeliveryState.Failed,
        _ => DeliveryState.Waiting,
    };

    /// <returns>False where the sweep took this run for dead and another has begun: that one's word counts.</returns>
    private async Task<bool> RecordAsync(Delivery delivery, DeliveryState state, string reply, bool signInRefused)
    {
        var now = time.GetUtcNow();
        var dueAt = now + DelayAfter(delivery.Tries);
        DateTimeOffset? acceptedAt = state is DeliveryState.Accepted ? now : null;
        var acceptedBy = acceptedAt is null ? null : transport.Description;
        // Accepted is accepted, whoever else is trying
        var own = db.Deliveries.Where(d => d.Id == delivery.Id
            && (state == DeliveryState.Accepted || (d.State == DeliveryState.Sending && d.Tries == delivery.Tries)));
        return await own.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, state)
            .SetProperty(d => d.LastReply, reply)
            .SetProperty(d => d.DueAt, dueAt)
            .SetProperty(d => d.SignInRefused, signInRefused)
            // Nobody needs to be told of a mail that nobody waits for
            .SetProperty(d => d.AcknowledgedAt, d => reply == NothingToSend ? now : d.AcknowledgedAt)
            .SetProperty(d => d.AcceptedAt, acceptedAt)
            .SetProperty(d => d.AcceptedBy, acceptedBy)) == 1;
    }

    private async Task<MailOutcome> SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await contents.FindAsync(delivery) is { } content
                ? await transport.SendAsync(AlertMessage.Compose(content), cancellationToken)
                : new MailOutcome(MailResult.RefusedForGood, NothingToSend);
        }
        catch (OperationCanceledException)
        {
            return new MailOutcome(MailResult.TryAgain, "SentinelCam was stopped before the mail left.");
        }
        catch (Exception error)
        {
            // Whatever is wrong here must not leave the delivery in the state of being sent
            logger.LogError(error, "Delivery {DeliveryId} could not be composed or sent", delivery.Id);
            return new MailOutcome(MailResult.TryAgain, "The mail could not be composed; the log says more.");
        }
    }

    /// <summary>The same delays as Hangfire's, with which the sweep judges whether a job was lost.</summary>
    private static TimeSpan DelayAfter(int tries) => TimeSpan.FromSeconds(tries switch
    {
        1 => 10,
        2 => 30,
        3 => 60,
        4 => 120,
        5 => 300,
        6 => 600,
        7 => 1200,
        _ => 1800,
    });
}

/// <summary>Makes Hangfire run the job again. The message is what the mail server said.</summary>
public sealed class MailNotAcceptedException(string reply) : Exception(reply);
