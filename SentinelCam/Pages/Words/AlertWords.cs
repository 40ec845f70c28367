using System.Globalization;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>Whether an owner was told about an alert.</summary>
/// <param name="IsDone">A mail server or the outbox accepted the mail.</param>
/// <param name="Words">What happened, before the time if there is one.</param>
/// <param name="At">When.</param>
public sealed record AlertTold(bool IsDone, string Words, DateTimeOffset? At = null);

/// <summary>An alert, in words.</summary>
public static class AlertWords
{
    /// <summary>What was tried: <c>3 failed sign-ins</c>.</summary>
    public static string What(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        if (alert.IsTest)
            return "Test alert";
        if (alert.Attempts == 0)
            return "Sign-in from a new browser";
        var what = alert.Origin is AttemptOrigin.WebPage ? "failed sign-in" : "failed log-in";
        return alert.Attempts == 1 ? char.ToUpperInvariant(what[0]) + what[1..]
            : string.Create(CultureInfo.InvariantCulture, $"{alert.Attempts:N0} {what}s");
    }

    /// <summary>Where the password of the device was typed: <c>with sudo</c>. Empty for sign-ins to the site.</summary>
    public static string Program(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return alert.Origin is AttemptOrigin.WebPage ? "" : DeviceServices.Where(alert.Service);
    }

    /// <summary>The headline in one text: <c>3 failed sign-ins to ann@example.org</c>.</summary>
    public static string Headline(Alert alert)
    {
        var user = alert.AccountTyped.Length > 0 ? $" to {alert.AccountTyped}" : "";
        return $"{What(alert)}{user} {Program(alert)}".TrimEnd();
    }

    /// <summary>Where from: <c>from your network</c>, <c>at the device</c>.</summary>
    public static string Place(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return alert.Origin switch
        {
            AttemptOrigin.WebPage => $"from {EntryWords.PlaceOf(alert.RemoteAddress, alert.ReportedBy)}",
            AttemptOrigin.OverNetwork => $"over the network, from {EntryWords.PlaceOf(alert.RemoteAddress, alert.ReportedBy)}",
            _ => "at the device",
        } + (alert.Device is { } device ? $", on {device}" : "");
    }

    /// <summary>How an alert ended in which nobody got in.</summary>
    public static string NobodyGotIn(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return alert.IsTest ? "nobody tried to sign in"
            : alert.ClosedAt is null ? "nobody has got in so far" : "nobody got in";
    }

    /// <summary>Whether the owner was told. Of several mails, the one about a success counts, then the first one.</summary>
    public static AlertTold Told(AlertItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        var (alert, deliveries) = (item.Alert, item.Deliveries);
        foreach (var kind in new[] { MailKind.Success, MailKind.KnownPassword, MailKind.Attempt, MailKind.Summary })
        {
            var mails = deliveries.Where(d => d.Kind == kind).ToList();
            if (mails.Find(d => d.State is DeliveryState.Accepted) is { } done)
                return new AlertTold(true, DeliveryWords.Done(done), done.AcceptedAt ?? done.DueAt);
            if ((mails.Find(d => d.State is not DeliveryState.Failed) ?? mails.FirstOrDefault()) is { } notDone)
                return new AlertTold(false, DeliveryWords.NotDone(notDone));
        }

        if (item.IsToldElsewhere)
            return new AlertTold(false, "Told by the central SentinelCam, once this device has reported it there");
        if (item.Shown.LoginAttempt is { ToldBy: ToldBy.Device, ReportedBy: { } device })
            return new AlertTold(false, $"Told by {device} itself");
        return new AlertTold(false, alert switch
        {
            { Attempts: 0 } => "No email: there were ten about new browsers within an hour",
            { ClosedAt: null, MailedFrom: not null } => "The email follows the picture",
            { ClosedAt: null } => "No email yet",
            _ => "No email: alerts were paused, or there were fewer failures than you want to be told about",
        });
    }

    /// <summary>Why an alert goes to the administrators; null if it has an owner.</summary>
    public static string? WhyOwnerless(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return alert switch
        {
            { OwnerId: not null } => null,
            { Origin: AttemptOrigin.WebPage } => "Not an approved account",
            _ => "Not assigned to an account",
        };
    }

    /// <summary>The number of new alerts, for the navigation: <c>2</c>, <c>99+</c>.</summary>
    public static string Count(int alerts) =>
        alerts < AlertReview.MaxCounted ? alerts.ToString(CultureInfo.InvariantCulture) : $"{AlertReview.MaxCounted - 1}+";

    /// <summary>The number of new alerts, before a page's title: <c>(2) </c>. Empty if there are none.</summary>
    public static string BeforeTitle(int alerts) => alerts == 0 ? "" : $"({Count(alerts)}) ";
}
