using System.Text.Json;
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
/// Sends test mails in the background, one at a time, and remembers the last one. A test mail is tried once and not queued,
/// because its result matters only to the administrator who is waiting for it.
/// </summary>
public sealed class MailTest(
    IMailTransport transport, SmtpOptions smtp, CameraFeed camera, ISharedValues values, TimeProvider time,
    ILogger<MailTest> logger)
{
    private const string Name = "MailTest";

    /// <summary>A test that takes longer has lost its process.</summary>
    private static readonly TimeSpan Longest = SmtpTransport.LongestTry + TimeSpan.FromMinutes(1);

    /// <summary>The last or the running test; null before the first.</summary>
    public async Task<MailTestRun?> LastAsync() => Read(await values.FindAsync(Name));

    /// <returns>False if a test is still running.</returns>
    public async Task<bool> TryStartAsync(string recipient, TimeZoneInfo timeZone)
    {
        var started = false;
        await values.ChangeAsync(Name, text =>
        {
            started = Read(text) is not { Outcome: null };
            return started ? Write(new MailTestRun(recipient, time.GetUtcNow(), [], null)) : text;
        });
        if (started)
            _ = Task.Run(() => RunAsync(recipient, timeZone));
        return started;
    }

    private async Task RunAsync(string recipient, TimeZoneInfo timeZone)
    {
        List<MailStep> steps = [];
        var stored = Task.CompletedTask;
        MailOutcome outcome;
        try
        {
            outcome = await transport.TestAsync(Compose(recipient, timeZone), step =>
            {
                steps.Add(step);
                stored = StoreAfterAsync(stored, [.. steps], null);
            }, CancellationToken.None);
        }
        catch (Exception error)
        {
            logger.LogError(error, "The test mail could not be sent");
            outcome = new MailOutcome(MailResult.TryAgain, "The email could not be composed or sent. See the log.");
        }

        logger.LogInformation("Test mail to {Recipient}: {Result}: {Reply}", recipient, outcome.Result, outcome.Reply);
        await StoreAfterAsync(stored, steps, outcome);
    }

    /// <summary>Stores all steps each time, so those that could not be stored are stored with what follows.</summary>
    private async Task StoreAfterAsync(Task earlier, IReadOnlyList<MailStep> steps, MailOutcome? outcome)
    {
        await earlier;
        try
        {
            await values.ChangeAsync(
                Name, text => Read(text) is { } run ? Write(run with { Steps = steps, Outcome = outcome }) : null);
        }
        catch (Exception error)
        {
            logger.LogError("The progress of the test mail could not be stored: {Problem}", error.Message);
        }
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

    private MailTestRun? Read(string? text)
    {
        var run = text is null ? null : JsonSerializer.Deserialize<MailTestRun>(text);
        return run is { Outcome: null } && time.GetUtcNow() - run.StartedAt > Longest
            ? run with { Outcome = new MailOutcome(MailResult.TryAgain, "SentinelCam ended before the test did. Repeat it.") }
            : run;
    }

    private static string Write(MailTestRun run) => JsonSerializer.Serialize(run);
}
