namespace SentinelCam.Data;

/// <summary>The subject of a mail.</summary>
public enum MailKind
{
    /// <summary>A failed sign-in, mailed at once.</summary>
    Attempt,

    /// <summary>The picture of an attempt that was mailed without one.</summary>
    LatePicture,

    /// <summary>The end of a burst of failed sign-ins.</summary>
    Summary,

    /// <summary>A picture that the owner requested.</summary>
    Manual,

    /// <summary>A sign-in that succeeded after several failures, or from a new browser.</summary>
    Success,

    /// <summary>A sign-in with the right password and a wrong code: somebody knows the password.</summary>
    KnownPassword,

    /// <summary>Asks a second recipient to confirm that they want the mails.</summary>
    ConfirmRecipient,

    /// <summary>Notifies an owner that the alert settings or the password changed.</summary>
    SettingsChanged,

    /// <summary>A test that an administrator requested.</summary>
    Test,

    /// <summary>Tells an administrator that SentinelCam stopped working, or that this is over.</summary>
    WatchNotice,

    /// <summary>Tells an administrator that the weekly test passed.</summary>
    SelfTest,

    /// <summary>Carries the link that sets a new password.</summary>
    ResetPassword,

    /// <summary>Asks a new account's owner to confirm the address.</summary>
    ConfirmAddress,

    /// <summary>Asks an owner to confirm the address to which the account is to change.</summary>
    ChangeAddress,

    /// <summary>
    /// Tells an account's earlier address that the account has another one, and carries the link that undoes it.
    /// </summary>
    AddressChanged,

    /// <summary>Says that an account has had too many mails within a day, and later how many were left out.</summary>
    MailLimit,

    /// <summary>Carries the link by which an invited person creates an account.</summary>
    Invitation,

    /// <summary>Tells an owner what an administrator did to the account, a suspended one too.</summary>
    AccountChanged,

    /// <summary>Says that an account was deleted. Its row, which has the address, is removed when the mail is done.</summary>
    AccountDeleted,
}

/// <summary>Sets of mails.</summary>
public static class MailKinds
{
    /// <summary>
    /// The most important ones: queued before the picture is taken, and bounded for themselves. Each begins a conversation.
    /// </summary>
    public static readonly MailKind[] Urgent = [MailKind.Success, MailKind.KnownPassword];

    /// <summary>
    /// Those that carry a link which works once. They are not sent again, and may go to an address that is not the account's.
    /// </summary>
    public static readonly MailKind[] WithLink =
    [
        MailKind.ConfirmRecipient, MailKind.ResetPassword, MailKind.ConfirmAddress, MailKind.ChangeAddress,
        MailKind.AddressChanged, MailKind.Invitation,
    ];
}
