namespace SentinelCam.Data;

/// <summary>What a mail is about.</summary>
public enum MailKind
{
    /// <summary>A failed sign-in, at once.</summary>
    Attempt,

    /// <summary>The picture of an attempt that was mailed without one.</summary>
    LatePicture,

    /// <summary>The end of a burst of failed sign-ins.</summary>
    Summary,

    /// <summary>A picture that the owner asked for.</summary>
    Manual,

    /// <summary>A sign-in that succeeded after several failures.</summary>
    Success,

    /// <summary>Asks an extra recipient whether they want the mails.</summary>
    ConfirmRecipient,

    /// <summary>Tells an owner that somebody changed how they are alerted.</summary>
    SettingsChanged,

    /// <summary>A test that an administrator asked for.</summary>
    Test,
}
