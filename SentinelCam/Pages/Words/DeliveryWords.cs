using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The mails about an entry, in words.</summary>
public static class DeliveryWords
{
    /// <summary>Whether to offer to send a mail again: it has been sent or has failed, and no later copy of it exists.</summary>
    public static bool CanRepeat(Delivery delivery, long viewerId, IReadOnlyList<Delivery> all)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return delivery is { State: DeliveryState.Accepted or DeliveryState.Failed, Kind: not MailKind.ConfirmRecipient }
            && delivery.RecipientId == viewerId
            && !all.Any(d => d.Id > delivery.Id && d.Kind == delivery.Kind && d.Recipient == delivery.Recipient);
    }

    public static string Kind(MailKind kind) => kind switch
    {
        MailKind.Attempt => "Alert",
        MailKind.Success => "Alert about a sign-in after failures",
        MailKind.Manual => "Requested picture",
        MailKind.Summary => "Summary",
        MailKind.LatePicture => "Late picture",
        MailKind.ConfirmRecipient => "Confirmation request",
        MailKind.SettingsChanged => "Notice of changed settings",
        _ => "Email",
    };
}
