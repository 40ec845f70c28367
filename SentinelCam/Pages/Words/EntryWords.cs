using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>An entry of the image log, in words.</summary>
public static class EntryWords
{
    public static string Because(CaptureTrigger trigger) => trigger switch
    {
        CaptureTrigger.FailedLogin => "failed sign-in",
        CaptureTrigger.SuccessAfterFailures => "sign-in after failures",
        CaptureTrigger.Manual => "\"Capture now\"",
        CaptureTrigger.Test => "test alert",
        CaptureTrigger.NewBrowser => "sign-in from a new browser",
        _ => trigger.ToString(),
    };

    public static string What(CaptureTrigger trigger) => trigger switch
    {
        CaptureTrigger.FailedLogin => "Failed sign-in",
        CaptureTrigger.SuccessAfterFailures => "Sign-in after failures",
        CaptureTrigger.Manual => "Captured by you",
        CaptureTrigger.Test => "Test alert",
        CaptureTrigger.NewBrowser => "Signed in from a new browser",
        _ => trigger.ToString(),
    };

    public static string Of(AttemptOrigin origin) => origin switch
    {
        AttemptOrigin.WebPage => "web page",
        AttemptOrigin.AtDevice => "at the device",
        AttemptOrigin.OverNetwork => "device, over the network",
        _ => origin.ToString(),
    };

    /// <summary>What happened, with the outcome of a failure.</summary>
    public static string What(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.LoginAttempt is { Origin: not AttemptOrigin.WebPage, Outcome: var outcome, Count: var count })
        {
            var failed = count == 1 ? "Failed log-in" : $"{count} failed log-ins";
            return outcome switch
            {
                LoginOutcome.SucceededAfterFailures => "Log-in after failures",
                LoginOutcome.RefusedByDevice => failed,
                LoginOutcome.UnknownAccount => $"{failed} with an unknown user name",
                _ => $"{failed}: {outcome.InWords()}",
            };
        }

        return entry switch
        {
            { Trigger: CaptureTrigger.FailedLogin, LoginAttempt: { } attempt } =>
                $"{What(entry.Trigger)}: {attempt.OutcomeInWords()}",
            { Trigger: CaptureTrigger.SuccessAfterFailures, LoginAttempt.IsNewBrowser: true } =>
                $"{What(entry.Trigger)}, from a new browser",
            _ => What(entry.Trigger),
        };
    }

    /// <summary>What happened, in the few words that fit below a small picture.</summary>
    public static string Brief(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry is not { Trigger: CaptureTrigger.FailedLogin, LoginAttempt: { Origin: AttemptOrigin.WebPage } attempt })
            return What(entry);
        var outcome = attempt.OutcomeInWords();
        return char.ToUpperInvariant(outcome[0]) + outcome[1..];
    }

    public static string Of(MailFilter mail) => mail switch
    {
        MailFilter.Accepted => "sent",
        MailFilter.Waiting => "waiting",
        MailFilter.Failed => "failed",
        _ => "no email of its own",
    };

    public static string Of(WhoseEntries whose) => whose is WhoseEntries.Mine ? "mine" : "of no account";

    /// <summary>Shown in place of a picture.</summary>
    public static string Missing(ImageLogEntry entry) => entry.CaptureState switch
    {
        CaptureState.Waiting => "waiting for the camera",
        CaptureState.Taken => "no longer kept",
        _ => "no picture",
    };

    /// <summary>Announces new entries to screen readers.</summary>
    /// <param name="items">The new ones, newest first.</param>
    /// <param name="deviceOf">The device of an entry; null if there is only one.</param>
    public static string News(IReadOnlyList<ImageLogItem> items, Func<ImageLogEntry, string?> deviceOf)
    {
        ArgumentNullException.ThrowIfNull(deviceOf);
        if (items is not [{ Entry: var latest }, ..])
            return "";
        var summary = Summary(latest) + On(deviceOf(latest));
        return items.Count == 1 ? $"New: {summary}." : $"{items.Count} new entries. The latest: {summary}.";
    }

    /// <summary>Says that an entry's time is wrong, and what the true one was; null if it is right as far as is known.</summary>
    public static string? ClockProblem(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.ClockErrorSeconds is not { } seconds ? null
            : (entry.LoginAttempt?.Device is { } device ? $"The clock of {device} was wrong then."
                : "This device's clock was wrong then and was set later.")
                + $" The true time was about {TimeWords.Exact(entry.At.AddSeconds(seconds))}.";
    }

    /// <summary>The visitor's address, for after "from".</summary>
    public static string AddressOf(LoginAttempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return attempt.RemoteAddress is Visitor.UnknownAddress or "" ? "an unknown address" : attempt.RemoteAddress;
    }

    /// <summary>The visitor's address as a place, for after "from". The address itself only if it tells more.</summary>
    public static string PlaceOf(LoginAttempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return PlaceOf(attempt.RemoteAddress, attempt.ReportedBy);
    }

    /// <summary>An address as a place, for after "from".</summary>
    /// <param name="remoteAddress">The address.</param>
    /// <param name="device">The device that reported it; null for this one.</param>
    public static string PlaceOf(string remoteAddress, string? device = null) => remoteAddress switch
    {
        "" or Visitor.UnknownAddress => "an unknown address",
        LoginAttempt.SeveralAddresses => LoginAttempt.SeveralAddresses,
        _ => RemotePlace.KindOf(remoteAddress) switch
        {
            RemoteKind.ThisMachine => device is null ? "this device" : "the device itself",
            RemoteKind.LocalNetwork => "your network",
            _ => $"the internet, {remoteAddress}",
        },
    };

    /// <summary>The device of an entry, after what happened: <c> on front-desk</c>; empty if there is only this one.</summary>
    private static string On(string? device) => device is null ? "" : $" on {device}";

    private static string Summary(ImageLogEntry entry)
    {
        if (entry.LoginAttempt is not { } attempt)
            return What(entry.Trigger).ToLowerInvariant();
        if (attempt.Origin is AttemptOrigin.WebPage)
            return $"{What(entry.Trigger).ToLowerInvariant()} for {attempt.AccountTyped} from {PlaceOf(attempt)}";
        var user = attempt.AccountTyped.Length > 0 ? $" to {attempt.AccountTyped}" : "";
        return $"{What(entry).ToLowerInvariant()}{user} {DeviceServices.Where(attempt.Service)}";
    }
}
