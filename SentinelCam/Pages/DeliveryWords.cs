using SentinelCam.Alerts;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>What became of the mails about an entry, a line each.</summary>
public static class DeliveryWords
{
    public static IEnumerable<string> Of(ImageLogItem item)
    {
        if (item.Deliveries.Count > 0)
            return item.Deliveries.Select(Of);
        return item switch
        {
            { Alert: { ClosedAt: null }, Entry.OpensAlert: false } => [$"Joined the alert of {Time(item.Alert.OpenedAt)}; a summary is mailed after {Time(item.Alert.ClosesAt)}"],
            { Entry.CaptureState: CaptureState.Waiting } => ["Mail: follows the picture"],
            _ => [],
        };
    }

    public static string Of(Delivery delivery)
    {
        var tries = delivery.Tries == 1 ? "1 try" : $"{delivery.Tries} tries";
        var what = delivery.Kind is MailKind.Summary ? "Summary" : delivery.Kind is MailKind.LatePicture ? "Mail with the late picture" : "Mail";
        return delivery.State switch
        {
            DeliveryState.Accepted => $"{what} to {delivery.Recipient}: accepted {Time(delivery.AcceptedAt ?? delivery.DueAt)} after {tries}",
            DeliveryState.Failed => $"{what} to {delivery.Recipient}: failed after {tries}: {delivery.LastReply}",
            DeliveryState.Sending => $"{what} to {delivery.Recipient}: being sent",
            _ when delivery.Tries > 0 => $"{what} to {delivery.Recipient}: waiting until {Time(delivery.DueAt)} because: {delivery.LastReply}",
            _ => $"{what} to {delivery.Recipient}: queued",
        };
    }

    private static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", System.Globalization.CultureInfo.InvariantCulture);
}
