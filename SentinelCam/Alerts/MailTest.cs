using MimeKit;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Alerts;

/// <summary>A test mail and its progress.</summary>
/// <param name="Recipient">The recipient's mail address.</param>
/// <param name="StartedAt">When it was requested.</param>
/// <param name="Steps">The finished steps, in order.</param>
/// <param name="Outcome">The outcome; null while the test is running.</param>
public sealed record MailTestRun(string Recipient, DateTimeOffset StartedAt, IReadOnlyList<MailStep> Steps, MailOutcome? Outcome);

/// <summary>
/// Sends test mails in the background, one at a time, and remembers the last one. A test mail is tried once and not stored,
/// because its result matters only to the administrator who is waiting for it.
/// </summary>
public sealed class MailTest(
    IMailTransport transport, SmtpOptions smtp, CameraFeed camera, TimeProvider time, ILogger<MailTest> logger)
{
    private readonly Lock _lock = new();
    private MailTestRun? _last;

    /// <summary>The last or the running test; null before the first.</summary>
    public MailTestRun? Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    /// <returns>False if a test is still running.</returns>
    public bool TryStart(string recipient, TimeZoneInfo timeZone)
    {
        lock (_lock)
        {
            if (_last is { Outcome: null })
                return false;
            _last = new MailTestRun(recipient, time.GetUtcNow(), [], null);
        }

        _ = Task.Run(() => RunAsync(recipient, timeZone));
        return true;
    }

    private async Task RunAsync(string recipient, TimeZoneInfo timeZone)
    {
        MailOutcome outcome;
        try
        {
            outcome = await transport.TestAsync(
                Compose(recipient, timeZone),
                step => Change(run => run with { Steps = [.. run.Steps, step] }),
                CancellationToken.None);
        }
        catch (Exception error)
        {
            logger.LogError(error, "The test mail could not be sent");
            outcome = new MailOutcome(MailResult.TryAgain, "The email could not be composed or sent. See the log.");
        }

        Change(run => run with { Outcome = outcome });
        logger.LogInformation("Test mail to {Recipient}: {Result}: {Reply}", recipient, outcome.Result, outcome.Reply);
    }

    private MimeMessage Compose(string recipient, TimeZoneInfo timeZone)
    {
        var from = smtp.From ?? SmtpOptions.OutboxSender;
        var now = time.GetUtcNow();
        return AlertMessage.Compose(new AlertContent
        {
            Kind = MailKind.Test,
            To = recipient,
            From = from,
            MessageId = smtp.NewMessageId(),
            AccountName = recipient,
            CameraName = camera.Name,
            TimeZone = timeZone,
            ComposedAt = now,
            FirstAt = now,
            LastAt = now,
        });
    }

    private void Change(Func<MailTestRun, MailTestRun> change)
    {
        lock (_lock)
            _last = change(_last!);
    }
}
