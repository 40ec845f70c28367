using SentinelCam.Alerts;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>What became of the mails about an entry, in words.</summary>
public static class DeliveryWords
{
    /// <summary>What there is to say where there is no mail yet; null where there is nothing.</summary>
    public static string? WithoutMail(ImageLogItem item, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item switch
        {
            { Deliveries.Count: > 0 } => null,
            { Alert: { ClosedAt: null, MailedFrom: null }, Entry.OpensAlert: false } => "Counted with the alert; no mail so far",
            { Alert: { ClosedAt: null }, Entry.OpensAlert: false } => $"Joined the alert of {Time(item.Alert.OpenedAt, zone)}; a summary is mailed after {Time(item.Alert.ClosesAt, zone)}",
            { Alert.MailedFrom: null, Entry.OpensAlert: false } => "No mail: alerts were paused, or fewer failures came than you want to be told of",
            { Entry.CaptureState: CaptureState.Waiting } => "Mail: follows the picture",
            _ => null,
        };
    }

    public static string Of(Delivery delivery, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var tries = delivery.Tries == 1 ? "1 try" : $"{delivery.Tries} tries";
        var what = $"{Kind(delivery.Kind)} to {delivery.Recipient}";
        return delivery.State switch
        {
            DeliveryState.Accepted => $"{what}: accepted by {delivery.AcceptedBy ?? "the server"} at {Time(delivery.AcceptedAt ?? delivery.DueAt, zone)} after {tries}",
            DeliveryState.Failed => $"{what}: failed after {tries}: {delivery.LastReply}",
            DeliveryState.Sending => $"{what}: being sent",
            _ when delivery.Tries > 0 => $"{what}: waiting until {Time(delivery.DueAt, zone)} because: {delivery.LastReply}",
            _ => $"{what}: queued",
        };
    }

    /// <summary>Whether the mail's owner may have it sent again.</summary>
    public static bool CanRepeat(Delivery delivery, long viewerId, IReadOnlyList<Delivery> all)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return delivery is { State: DeliveryState.Accepted or DeliveryState.Failed, Kind: not MailKind.ConfirmRecipient } && delivery.RecipientId == viewerId
            && !all.Any(d => d.Id > delivery.Id && d.Kind == delivery.Kind && d.Recipient == delivery.Recipient);
    }

    public static string Kind(MailKind kind) => kind switch
    {
        MailKind.Summary => "Summary",
        MailKind.LatePicture => "Mail with the late picture",
        MailKind.ConfirmRecipient => "Question about alerts",
        MailKind.SettingsChanged => "Mail about changed settings",
        _ => "Mail",
    };

    private static string Time(DateTimeOffset time, TimeZoneInfo zone) => ViewerTime.Text(time, zone);
}
