using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Kinds of activity that are shown together.</summary>
public enum ActivityGroup
{
    SignIns,
    Failures,
    Security,
    Settings,
    Data,
    Administration,
}

public static class ActivityGroups
{
    public static ActivityGroup GroupOf(ActivityKind kind) => kind switch
    {
        ActivityKind.SignedIn or ActivityKind.SignedOut or ActivityKind.SessionEnded or ActivityKind.OtherSessionsEnded
            or ActivityKind.BrowserTrusted or ActivityKind.TrustRevoked => ActivityGroup.SignIns,
        ActivityKind.FailedSignIns => ActivityGroup.Failures,
        ActivityKind.PasswordChanged or ActivityKind.PasswordLinkRequested or ActivityKind.PasswordReset
            or ActivityKind.SecondFactorOn or ActivityKind.SecondFactorOff or ActivityKind.RecoveryCodesRenewed
            or ActivityKind.RecoveryCodeUsed or ActivityKind.SecondFactorReset or ActivityKind.PasskeyAdded
            or ActivityKind.PasskeyRenamed or ActivityKind.PasskeyRemoved or ActivityKind.AddressConfirmed
            or ActivityKind.AddressChangeRequested or ActivityKind.AddressChanged
            or ActivityKind.AddressChangeUndone => ActivityGroup.Security,
        ActivityKind.RecipientAsked or ActivityKind.RecipientConfirmed or ActivityKind.RecipientRemoved
            or ActivityKind.AlertSettingsChanged or ActivityKind.DeviceSettingsChanged
            or ActivityKind.TestAlertRequested => ActivityGroup.Settings,
        ActivityKind.AlertAnswered or ActivityKind.EntriesDeleted or ActivityKind.LogExported or ActivityKind.DataExported
            or ActivityKind.AccountDeleted or ActivityKind.ActivityExported => ActivityGroup.Data,
        ActivityKind.Registered or ActivityKind.AccountApproved or ActivityKind.AccountSuspended or ActivityKind.AccountRemoved
            or ActivityKind.AdministratorMade or ActivityKind.AdministratorUnmade or ActivityKind.InvitationSent
            or ActivityKind.InvitationRevoked or ActivityKind.InvitationUsed or ActivityKind.SecondFactorDemanded
            or ActivityKind.DeviceUserAssigned or ActivityKind.DeviceUserUnassigned or ActivityKind.DeviceProgramsChanged
            or ActivityKind.DeviceInvited or ActivityKind.DeviceEnrolled or ActivityKind.DeviceRevoked
            or ActivityKind.NodeRemoved or ActivityKind.CameraChosen or ActivityKind.MailTested
            or ActivityKind.BackupRestored => ActivityGroup.Administration,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public static IEnumerable<ActivityKind> KindsOf(ActivityGroup group) =>
        Enum.GetValues<ActivityKind>().Where(kind => GroupOf(kind) == group);
}
