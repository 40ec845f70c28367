using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The mails about an entry, in words.</summary>
public static class DeliveryWords
{
    /// <summary>Whether to offer to send a mail again: it has been sent or has failed, and no later copy of it exists.</summary>
    public static bool CanRepeat(Delivery delivery, long viewerId, IReadOnlyList<Delivery> all)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return delivery is { State: DeliveryState.Accepted or DeliveryState.Failed }
            && !MailKinds.WithLink.Contains(delivery.Kind)
            && delivery.RecipientId == viewerId
            && !all.Any(d => d.Id > delivery.Id && d.Kind == delivery.Kind && d.Recipient == delivery.Recipient);
    }

    /// <summary>Who tells about an entry that is reported to the central SentinelCam, after what became of it.</summary>
    /// <param name="forward">The report, which was accepted or refused.</param>
    /// <param name="hasMailServer">Whether this device can send mails.</param>
    public static string Teller(Forward forward, bool hasMailServer)
    {
        ArgumentNullException.ThrowIfNull(forward);
        return forward switch
        {
            { ToldHere: true, AcceptedAt: null } => "This device tells you.",
            { ToldHere: true } => "This device has told you, because the report was refused before.",
            { AcceptedAt: not null } => "It tells you.",
            _ when !hasMailServer => "This device has no mail server, so it cannot tell you.",
            _ => "An earlier report has arrived there, so the central SentinelCam tells you.",
        };
    }

    /// <summary>Whether somebody was told, before the time if there is one: <c>Told</c>, <c>Summary sent</c>.</summary>
    public static string Done(Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return IsAboutAttempt(delivery.Kind) ? "Told" : $"{Kind(delivery.Kind)} sent";
    }

    /// <summary>Why a mail has not been sent, in a few words. The server's own are in <see cref="Delivery.LastReply"/>.</summary>
    public static string NotDone(Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var outcome = IsAboutAttempt(delivery.Kind) ? "Not told" : $"{Kind(delivery.Kind)} not sent";
        return delivery switch
        {
            { State: DeliveryState.Failed } => $"{outcome}: the email could not be delivered",
            { State: DeliveryState.Sending } => $"{outcome} yet: the email is being sent",
            { Tries: 0 } => $"{outcome} yet: the email is queued",
            { SignInRefused: true } => $"{outcome} yet: the mail server rejects SentinelCam's sign-in",
            { LastReply: [>= '4' and <= '5', >= '0' and <= '9', >= '0' and <= '9', ..] } =>
                $"{outcome} yet: the mail server refuses",
            _ => $"{outcome} yet: the last try failed",
        };
    }

    private static bool IsAboutAttempt(MailKind kind) => kind is MailKind.Attempt || MailKinds.Urgent.Contains(kind);

    public static string Kind(MailKind kind) => kind switch
    {
        MailKind.Attempt => "Alert",
        MailKind.Success => "Alert about a sign-in",
        MailKind.KnownPassword => "Alert about a known password",
        MailKind.Manual => "Requested picture",
        MailKind.Summary => "Summary",
        MailKind.LatePicture => "Late picture",
        MailKind.ConfirmRecipient => "Confirmation request",
        MailKind.SettingsChanged => "Notice of changed settings",
        MailKind.ResetPassword => "Link to set a new password",
        MailKind.ConfirmAddress or MailKind.ChangeAddress => "Question about an address",
        MailKind.AddressChanged => "Notice of a changed address",
        MailKind.MailLimit => "Notice of a limit",
        MailKind.WatchNotice => "Notice about SentinelCam itself",
        MailKind.SelfTest => "Weekly test",
        MailKind.Invitation => "Invitation",
        MailKind.AccountChanged or MailKind.AccountDeleted => "Notice about the account",
        _ => "Email",
    };
}
