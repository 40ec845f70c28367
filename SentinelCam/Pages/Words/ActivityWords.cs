using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Activity as people say it: who, and what they did.</summary>
public static class ActivityWords
{
    /// <summary>Who did it, for the account's owner or for an administrator.</summary>
    /// <param name="item">The line.</param>
    /// <param name="isOwner">Whether the reader is the account's owner.</param>
    public static string Who(ActivityItem item, bool isOwner)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Line.Actor switch
        {
            ActivityActor.Owner => isOwner ? "You" : Name(item.Account, item.Line.AccountId),
            ActivityActor.Administrator => $"An administrator, {Name(item.Actor, item.Line.ActorId)},",
            ActivityActor.Visitor => WithLink(item.Line) ? "Somebody with the emailed link" : "Somebody",
            ActivityActor.CommandLine => "Somebody at the command line of this machine",
            _ => "SentinelCam",
        };
    }

    /// <summary>What they did: the predicate of a sentence.</summary>
    /// <param name="item">The line.</param>
    /// <param name="isOwner">Whether the reader is the account's owner.</param>
    public static string What(ActivityItem item, bool isOwner)
    {
        ArgumentNullException.ThrowIfNull(item);
        var (kind, detail) = (item.Line.Kind, item.Line.Detail);
        var what = Predicate(kind).Replace("{the}", isOwner ? "your" : "the", StringComparison.Ordinal);
        return kind switch
        {
            ActivityKind.SignedIn => $"{what} {Method(detail)}",
            ActivityKind.FailedSignIns when item.Alert is { Attempts: > 1 } alert => $"{what} {alert.Attempts} times",
            ActivityKind.EntriesDeleted => detail == "1" ? "deleted 1 entry of the image log"
                : $"deleted {detail} entries of the image log",
            ActivityKind.AlertAnswered => $"{what}: {(detail == nameof(AlertAnswer.ItWasMe) ? "it was me" : "not me")}",
            _ when detail.Length > 0 => $"{what}: {detail}",
            _ => what,
        };
    }

    /// <summary>The account that a line is about, where the sentence does not name it.</summary>
    public static string? Whose(ActivityItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Line is { AccountId: not null, Actor: not ActivityActor.Owner }
            ? Name(item.Account, item.Line.AccountId) : null;
    }

    /// <summary>The kinds whose words contain a text.</summary>
    public static IReadOnlyCollection<ActivityKind> KindsWith(string? text) => string.IsNullOrWhiteSpace(text) ? []
        : [.. Enum.GetValues<ActivityKind>().Where(kind =>
            Predicate(kind).Contains(text.Trim(), StringComparison.OrdinalIgnoreCase))];

    /// <summary>The name of a group, for its filter.</summary>
    public static string Of(ActivityGroup group) => group switch
    {
        ActivityGroup.SignIns => "Sign-ins",
        ActivityGroup.Failures => "Failures",
        ActivityGroup.Security => "Passwords and addresses",
        ActivityGroup.Settings => "Settings",
        ActivityGroup.Data => "Deletions and exports",
        ActivityGroup.Administration => "Administration",
        _ => throw new ArgumentOutOfRangeException(nameof(group)),
    };

    private static string Name(string? address, long? id) => address ?? $"a deleted account (number {id})";

    private static bool WithLink(AccountActivity line) => line.Kind is ActivityKind.PasswordReset or ActivityKind.AddressConfirmed
        or ActivityKind.AddressChanged or ActivityKind.AddressChangeUndone or ActivityKind.RecipientConfirmed
        or ActivityKind.AlertAnswered or ActivityKind.SessionEnded;

    /// <summary>How somebody signed in; empty if it is not known.</summary>
    public static string Method(string? method) => method switch
    {
        SignInMethods.Password => "with the password",
        SignInMethods.AuthenticatorApp => "with the password and a code",
        SignInMethods.RecoveryCode => "with the password and a recovery code",
        SignInMethods.Passkey => "with a passkey",
        SignInMethods.PasswordAndPasskey => "with the password and a passkey",
        SignInMethods.TrustedBrowser => "with the password, in a browser that is trusted for 30 days",
        _ => "",
    };

    private static string Predicate(ActivityKind kind) => kind switch
    {
        ActivityKind.SignedIn => "signed in",
        ActivityKind.SignedOut => "signed out",
        ActivityKind.FailedSignIns => "failed to sign in",
        ActivityKind.SessionEnded => "signed another browser out",
        ActivityKind.OtherSessionsEnded => "signed all other browsers out",
        ActivityKind.PasswordChanged => "changed {the} password",
        ActivityKind.PasswordLinkRequested => "asked for a link to set a new password, which was emailed",
        ActivityKind.PasswordReset => "set a new password",
        ActivityKind.SecondFactorOn => "turned on codes as a second factor",
        ActivityKind.SecondFactorOff => "turned off the second factor",
        ActivityKind.RecoveryCodesRenewed => "made new recovery codes",
        ActivityKind.RecoveryCodeUsed => "used a recovery code",
        ActivityKind.SecondFactorReset => "reset {the} second factor",
        ActivityKind.SecondFactorDemanded => "changed who must have a second factor",
        ActivityKind.PasskeyAdded => "added a passkey",
        ActivityKind.PasskeyRenamed => "renamed a passkey",
        ActivityKind.PasskeyRemoved => "removed a passkey",
        ActivityKind.BrowserTrusted => "trusted a browser for 30 days",
        ActivityKind.TrustRevoked => "stopped trusting all browsers",
        ActivityKind.AddressConfirmed => "confirmed {the} email address",
        ActivityKind.AddressChangeRequested => "asked to change {the} email address",
        ActivityKind.AddressChanged => "changed {the} email address",
        ActivityKind.AddressChangeUndone => "undid the change of {the} email address",
        ActivityKind.RecipientAsked => "asked a second address to receive {the} alerts",
        ActivityKind.RecipientConfirmed => "confirmed a second address for {the} alerts",
        ActivityKind.RecipientRemoved => "removed the second address",
        ActivityKind.AlertSettingsChanged => "changed {the} alert settings",
        ActivityKind.DeviceSettingsChanged => "changed {the} settings for log-ins to the device",
        ActivityKind.TestAlertRequested => "requested a test alert",
        ActivityKind.AlertAnswered => "answered an alert",
        ActivityKind.EntriesDeleted => "deleted entries of the image log",
        ActivityKind.LogExported => "exported the image log",
        ActivityKind.DataExported => "exported everything about {the} account",
        ActivityKind.Registered => "registered {the} account",
        ActivityKind.AccountApproved => "approved {the} account",
        ActivityKind.AccountSuspended => "suspended {the} account",
        ActivityKind.AccountRemoved => "removed an account",
        ActivityKind.AccountDeleted => "deleted {the} account",
        ActivityKind.AdministratorMade => "made {the} account an administrator",
        ActivityKind.AdministratorUnmade => "took the administrator's rights from {the} account",
        ActivityKind.InvitationSent => "invited somebody",
        ActivityKind.InvitationRevoked => "took an invitation back",
        ActivityKind.InvitationUsed => "created {the} account with an invitation",
        ActivityKind.DeviceUserAssigned => "assigned a user of the device to {the} account",
        ActivityKind.DeviceUserUnassigned => "took a user of the device from {the} account",
        ActivityKind.DeviceProgramsChanged => "changed which programs of the device are watched",
        ActivityKind.DeviceInvited => "made a code for a device that will report here",
        ActivityKind.DeviceEnrolled => "enrolled a device that reports here",
        ActivityKind.DeviceRevoked => "stopped a device from reporting here",
        ActivityKind.NodeRemoved => "removed a device of this site that did not answer",
        ActivityKind.CameraChosen => "chose the camera",
        ActivityKind.MailTested => "sent a test email",
        ActivityKind.ActivityExported => "exported the activity of all accounts",
        ActivityKind.BackupRestored => "restored a backup of SentinelCam",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
