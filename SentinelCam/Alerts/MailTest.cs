using MimeKit;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Mail.Smtp;

namespace SentinelCam.Alerts;

/// <summary>A test mail and what has become of it so far.</summary>
/// <param name="Recipient">Where it goes.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="Steps">The steps that are over, in their order.</param>
/// <param name="Outcome">The result; null while it is under way.</param>
public sealed record MailTestRun(string Recipient, DateTimeOffset StartedAt, IReadOnlyList<MailStep> Steps, MailOutcome? Outcome);

/// <summary>
/// Sends a test mail beside the requests, one at a time, and remembers how the last one went. It is tried once and kept nowhere: it
/// tells an administrator something now, and nobody later.
/// </summary>
public sealed class MailTest(IMailTransport transport, SmtpOptions smtp, CameraFeed camera, TimeProvider time, ILogger<MailTest> logger)
{
    private readonly Lock _lock = new();
    private MailTestRun? _last;

    /// <summary>The last test, or the one under way; null before the first.</summary>
    public MailTestRun? Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    /// <returns>False where a test is still under way.</returns>
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
            outcome = await transport.TestAsync(Compose(recipient, timeZone), step => Change(run => run with { Steps = [.. run.Steps, step] }), CancellationToken.None);
        }
        catch (Exception error)
        {
            logger.LogError(error, "The test mail could not be sent");
            outcome = new MailOutcome(MailResult.TryAgain, "The mail could not be composed or sent; the log says more.");
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
