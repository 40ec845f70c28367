namespace SentinelCam.Data;

/// <summary>What happened to an account. Stored by name, so a name must not change.</summary>
/// <remarks>A new one needs its words in <c>ActivityWords</c>, and its place in <c>ActivityGroups</c>.</remarks>
public enum ActivityKind
{
    /// <summary>Detail: the authentication method.</summary>
    SignedIn,

    SignedOut,

    /// <summary>Failures of one alert, which has their number.</summary>
    FailedSignIns,

    /// <summary>Detail: the browser of the session.</summary>
    SessionEnded,

    /// <summary>All sessions except the one in which it was asked for.</summary>
    OtherSessionsEnded,

    PasswordChanged,

    /// <summary>Somebody asked for a link to set a new password, and it was mailed.</summary>
    PasswordLinkRequested,

    /// <summary>A new password was set without the old one.</summary>
    PasswordReset,

    SecondFactorOn,

    SecondFactorOff,

    RecoveryCodesRenewed,

    /// <summary>Detail: how many are left.</summary>
    RecoveryCodeUsed,

    /// <summary>An administrator turned the second factor off for the owner.</summary>
    SecondFactorReset,

    /// <summary>An administrator decided who must have a second factor. Detail: who.</summary>
    SecondFactorDemanded,

    /// <summary>Detail: its name.</summary>
    PasskeyAdded,

    /// <summary>Detail: its name.</summary>
    PasskeyRenamed,

    /// <summary>Detail: its name.</summary>
    PasskeyRemoved,

    /// <summary>A browser is trusted for 30 days.</summary>
    BrowserTrusted,

    /// <summary>All browsers are asked for the second factor again.</summary>
    TrustRevoked,

    /// <summary>The address of a new account was confirmed.</summary>
    AddressConfirmed,

    /// <summary>Detail: the new address, masked.</summary>
    AddressChangeRequested,

    /// <summary>Detail: the new address, masked.</summary>
    AddressChanged,

    /// <summary>Detail: the earlier address, masked.</summary>
    AddressChangeUndone,

    /// <summary>Detail: the second address, masked.</summary>
    RecipientAsked,

    /// <summary>Detail: the second address, masked.</summary>
    RecipientConfirmed,

    /// <summary>Detail: the second address, masked.</summary>
    RecipientRemoved,

    /// <summary>Detail: the settings that changed, in words.</summary>
    AlertSettingsChanged,

    /// <summary>Which programs of the device alert the owner.</summary>
    DeviceSettingsChanged,

    TestAlertRequested,

    /// <summary>Detail: the answer.</summary>
    AlertAnswered,

    /// <summary>Detail: how many.</summary>
    EntriesDeleted,

    /// <summary>The image log was exported.</summary>
    LogExported,

    /// <summary>Everything about the account was exported.</summary>
    DataExported,

    Registered,

    AccountApproved,

    AccountSuspended,

    /// <summary>An administrator removed a request or a suspended account. Detail: its address, masked.</summary>
    AccountRemoved,

    /// <summary>The owner deleted the account. Detail: its address, masked.</summary>
    AccountDeleted,

    AdministratorMade,

    AdministratorUnmade,

    /// <summary>Detail: the invited address, masked.</summary>
    InvitationSent,

    /// <summary>Detail: the invited address, masked.</summary>
    InvitationRevoked,

    /// <summary>An account was created with an invitation.</summary>
    InvitationUsed,

    /// <summary>A user of the device was assigned to the account. Detail: the user.</summary>
    DeviceUserAssigned,

    /// <summary>Detail: the user.</summary>
    DeviceUserUnassigned,

    /// <summary>Which programs of the device are watched.</summary>
    DeviceProgramsChanged,

    /// <summary>A one-time code for a device that will report here was made. Detail: the device.</summary>
    DeviceInvited,

    /// <summary>The code was traded for a token. Detail: the device.</summary>
    DeviceEnrolled,

    /// <summary>A device may no longer report. Detail: the device.</summary>
    DeviceRevoked,

    /// <summary>A node that does not answer was removed from the list. Detail: the node.</summary>
    NodeRemoved,

    CameraChosen,

    MailTested,

    /// <summary>The activity of all accounts was exported.</summary>
    ActivityExported,

    /// <summary>A backup was restored. Detail: the version that wrote it.</summary>
    BackupRestored,
}
