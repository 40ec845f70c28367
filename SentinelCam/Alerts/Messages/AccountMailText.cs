using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>The words of the mails about an account itself, whose links are among the notices.</summary>
internal static class AccountMailText
{
    private const string DoNothing = "If it was not you, do nothing";

    /// <summary>Whether this class has the words of a mail.</summary>
    public static bool IsAbout(MailKind kind) => kind is MailKind.ResetPassword or MailKind.ConfirmAddress
        or MailKind.ChangeAddress or MailKind.AddressChanged or MailKind.MailLimit;

    /// <param name="kind">The mail.</param>
    /// <param name="account">The account's address.</param>
    /// <param name="camera">The camera's display name.</param>
    public static string Subject(MailKind kind, string account, string camera) => kind switch
    {
        MailKind.ResetPassword => $"Set a new password for {account} on {camera}",
        MailKind.ConfirmAddress => $"Confirm your address for SentinelCam on {camera}",
        MailKind.ChangeAddress => $"Confirm your new address for SentinelCam on {camera}",
        MailKind.AddressChanged => $"Your account on {camera} has another address",
        MailKind.MailLimit => $"Fewer emails about {account} on {camera}",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <inheritdoc cref="Subject" />
    public static string Opening(MailKind kind, string account, string camera) => kind switch
    {
        MailKind.ResetPassword =>
            $"Someone who wants to sign in to SentinelCam on {camera} has forgotten the password of {account}. A link in this "
            + "mail sets a new one.",
        MailKind.ConfirmAddress =>
            $"Someone has registered an account at SentinelCam on {camera} with this address. A link in this mail confirms "
            + "that it was you.",
        MailKind.ChangeAddress =>
            $"The owner of an account at SentinelCam on {camera} wants to use this address from now on. A link confirms it.",
        MailKind.AddressChanged =>
            $"Your account at SentinelCam on {camera} has another address from now on, and alerts go there. A link undoes it.",
        MailKind.MailLimit => $"There were very many attempts to sign in to {account} on {camera}.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>What stands above the link.</summary>
    public static string Question(MailKind kind) => kind switch
    {
        MailKind.ResetPassword => "Do you want to set a new password?",
        MailKind.AddressChanged => "Was it not you?",
        _ => "Is this your address?",
    };

    /// <summary>What the link says.</summary>
    public static string Button(MailKind kind) => kind switch
    {
        MailKind.ResetPassword => "Set a new password",
        MailKind.AddressChanged => "Undo the change",
        _ => "Confirm the address",
    };

    /// <summary>What to do.</summary>
    public static string[] Advice(MailKind kind) => kind switch
    {
        MailKind.ResetPassword =>
        [
            "If it was you, open the link and enter a new password. The link works once, for 30 minutes after the request. All "
                + "browsers are then signed out.",
            $"{DoNothing}. Your password stays as it is. Do not pass this mail on.",
        ],
        MailKind.ConfirmAddress =>
        [
            "If it was you, open the link and confirm. The link works once, for seven days.",
            $"{DoNothing}. The account expires, and nothing else is sent to this address. Anyone who registered it chose its "
                + "password, so never confirm an account that is not yours.",
        ],
        MailKind.ChangeAddress =>
        [
            "If it was you, open the link and confirm. The link works once, for one day. You then sign in with this address.",
            $"{DoNothing}. Nothing else is sent to this address.",
        ],
        MailKind.AddressChanged =>
        [
            "If it was you, you do not need to do anything.",
            "If it was not you, someone else is signed in to your account. Open the link and undo the change. It works once, for "
                + "seven days, and signs everyone out. Then set a new password.",
        ],
        MailKind.MailLimit =>
        [
            "Look at the image log. If the attempts go on, tell the administrator, who can block the networks they come from.",
            "A longer quiet period under Settings means fewer emails.",
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
