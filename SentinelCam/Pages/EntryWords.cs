using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>What the log says of an entry.</summary>
public static class EntryWords
{
    public static string Because(CaptureTrigger trigger) => trigger switch
    {
        CaptureTrigger.FailedLogin => "failed sign-in",
        CaptureTrigger.SuccessAfterFailures => "sign-in after failures",
        CaptureTrigger.Manual => "\"Capture now\"",
        _ => trigger.ToString(),
    };

    public static string What(CaptureTrigger trigger) => trigger switch
    {
        CaptureTrigger.FailedLogin => "Failed sign-in",
        CaptureTrigger.SuccessAfterFailures => "Sign-in after failures",
        CaptureTrigger.Manual => "Captured by you",
        _ => trigger.ToString(),
    };

    /// <summary>With the outcome of the attempt, where the trigger leaves that open.</summary>
    public static string What(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry is { Trigger: CaptureTrigger.FailedLogin, LoginAttempt: { } attempt } ? $"{What(entry.Trigger)}: {attempt.Outcome.InWords()}" : What(entry.Trigger);
    }

    public static string Of(MailFilter mail) => mail switch
    {
        MailFilter.Accepted => "sent",
        MailFilter.Waiting => "waiting",
        MailFilter.Failed => "failed",
        _ => "no email of its own",
    };

    /// <summary>What stands in the place of a picture.</summary>
    public static string Missing(ImageLogEntry entry) => entry.CaptureState switch
    {
        CaptureState.Waiting => "waiting for the camera",
        CaptureState.Taken => "no longer kept",
        _ => "no picture",
    };

    /// <summary>Said to those who do not see new entries appear.</summary>
    public static string News(IReadOnlyList<ImageLogItem> items) => items switch
    {
        [] => "",
        [var one] => $"New: {Summary(one.Entry)}.",
        [var latest, ..] => $"{items.Count} new entries. The latest: {Summary(latest.Entry)}.",
    };

    private static string Summary(ImageLogEntry entry) =>
        entry.LoginAttempt is { } attempt ? $"{What(entry.Trigger).ToLowerInvariant()} for {attempt.AccountTyped} from {attempt.RemoteAddress}" : What(entry.Trigger).ToLowerInvariant();
}
