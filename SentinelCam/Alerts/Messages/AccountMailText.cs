using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>The words of the mails about an account itself, whose links are among the notices.</summary>
internal static class AccountMailText
{
    private const string DoNothing = "If it was not you, do nothing";

    /// <summary>Whether this class has the words of a mail.</summary>
    public static bool IsAbout(MailKind kind) => kind is MailKind.ResetPassword or MailKind.ConfirmAddress
        or MailKind.ChangeAddress or MailKind.AddressChanged or MailKind.MailLimit or MailKind.Invitation
        or MailKind.AccountChanged or MailKind.AccountDeleted;

    /// <param name="kind">The mail.</param>
    /// <param name="account">The account's address; for an invitation, the administrator's.</param>
    /// <param name="camera">The camera's display name.</param>
    public static string Subject(MailKind kind, string account, string camera) => kind switch
    {
        MailKind.ResetPassword => $"Set a new password for {account} on {camera}",
        MailKind.ConfirmAddress => $"Confirm your address for SentinelCam on {camera}",
        MailKind.ChangeAddress => $"Confirm your new address for SentinelCam on {camera}",
        MailKind.AddressChanged => $"Your account on {camera} has another address",
        MailKind.MailLimit => $"Fewer emails about {account} on {camera}",
        MailKind.Invitation => $"{account} invites you to SentinelCam on {camera}",
        MailKind.AccountChanged => $"An administrator changed your account {account} on {camera}",
        MailKind.AccountDeleted => $"The account {account} on {camera} was deleted",
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
        MailKind.Invitation =>
            $"{account}, an administrator of SentinelCam on {camera}, invites you to have an account there. When someone "
            + "fails to sign in to it, they are photographed, and you get the picture by mail. A link in this mail creates "
            + "the account.",
        MailKind.AccountChanged => $"An administrator of SentinelCam on {camera} changed the account {account}:",
        MailKind.AccountDeleted => $"The account {account} at SentinelCam on {camera} was deleted.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>What stands above the link.</summary>
    public static string Question(MailKind kind) => kind switch
    {
        MailKind.ResetPassword => "Do you want to set a new password?",
        MailKind.AddressChanged => "Was it not you?",
        MailKind.Invitation => "Do you want an account?",
        _ => "Is this your address?",
    };

    /// <summary>What the link says.</summary>
    public static string Button(MailKind kind) => kind switch
    {
        MailKind.ResetPassword => "Set a new password",
        MailKind.AddressChanged => "Undo the change",
        MailKind.Invitation => "Create my account",
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
        MailKind.Invitation =>
        [
            "Open the link and choose a name and a password. The link works once, for seven days.",
            "If you did not expect this, do nothing. Nothing else is sent to this address. Do not pass this mail on: anyone who "
                + "has the link can use it.",
        ],
        MailKind.AccountChanged => ["If this surprises you, ask the administrator."],
        MailKind.AccountDeleted =>
        [
            "Its pictures are gone, and nothing else is sent to this address. Copies in backups go when the backups do.",
            "If you did not want this, tell the administrator. The account cannot be restored on the site.",
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
