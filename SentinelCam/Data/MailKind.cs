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

    /// <summary>A sign-in that succeeded after several failures.</summary>
    Success,

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
}
