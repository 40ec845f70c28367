using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>What a mail advises its reader to do.</summary>
/// <param name="content">What the mail is about, with the pictures it contains.</param>
/// <param name="words">What it calls its attempts.</param>
internal sealed class AlertAdvice(AlertContent content, LogInWords words)
{
    private const string ChangePasswordNow =
        "If it was not you, someone else knows your password and is signed in. Change it now under Settings. That signs everyone "
        + "else out at once.";

    private bool IsSuccessAfterFailures => content.FailuresBefore > 0;

    /// <summary>Whether a picture may show who typed: it has no label, and that person may have been near the device.</summary>
    private bool MayShowWhoTyped =>
        content.Pictures.Any(picture => picture.Label is null) && !content.Attempts.All(IsRemote);

    /// <summary>The lines, in their order.</summary>
    public IEnumerable<string> Lines() => content.Kind switch
    {
        MailKind.Test or MailKind.WatchNotice or MailKind.SelfTest => [],
        _ when AccountMailText.IsAbout(content.Kind) => AccountMailText.Advice(content.Kind),
        MailKind.ConfirmRecipient =>
        [
            "If you want to receive them, open the link above and confirm. The link works once and expires after a day.",
            "If you do not, or do not know what this is about, do nothing. No alerts will be sent to this address.",
        ],
        MailKind.SettingsChanged =>
        [
            "If this was you, you do not need to do anything.",
            "If it was not you, someone else is signed in to your account. Change your password, sign out everywhere else, and "
                + "restore your alerts under Settings. If your password no longer works, tell the administrator.",
        ],
        MailKind.Manual =>
        [
            "If you did not request this picture, someone else is signed in to your account. Change your password.",
        ],
        _ when content.IsTest =>
        [
            "If you requested this test, you do not need to do anything: your alerts arrive.",
            "If you did not, someone else is signed in to your account. Change your password.",
        ],
        _ when words.IsDevice => DeviceAdvice(),
        _ when IsSuccessAfterFailures =>
        [
            "If this was you, you do not need to do anything.",
            ChangePasswordNow,
            "Then check under Settings whether your alerts were changed, and tell the administrator.",
        ],
        _ when content.IsNewBrowser =>
        [
            "If this was you, you do not need to do anything. A private window is a new browser each time, and so is one whose "
                + "cookies were deleted.",
            content.AnswerLink is null ? ChangePasswordNow
                : "If it was not you, answer \"No, it was not me\". That signs this browser out at once. Then change your "
                    + "password, because someone else knows it.",
        ],
        _ when content.Success is not null =>
        [
            "If you signed in, you do not need to do anything.",
            ChangePasswordNow,
        ],
        _ when content.IsPasswordKnown =>
        [
            "If it was you and you mistyped the code, you do not need to do anything.",
            "If it was not you, someone else knows your password. Nobody got in this time. Change your password now under "
                + "Settings, and wherever else you use it.",
            "Never tell anyone a code, whoever asks. SentinelCam asks for one only on its own pages.",
        ],
        _ when content.ForAdministrators =>
        [
            "You receive this mail as an administrator, because no approved account has this name.",
            "A single attempt is often a typing mistake. If many follow, block the address they come from.",
        ],
        _ =>
        [
            "If you mistyped your password, you do not need to do anything.",
            MayShowWhoTyped
                ? "If it was not you, look at the picture to see who it was. Nobody got in this time."
                : "If it was not you, someone else tried. Nobody got in this time.",
            "If others may know your password, sign in and change it now.",
        ],
    };

    private IEnumerable<string> DeviceAdvice()
    {
        if (IsSuccessAfterFailures || content.Success is not null)
        {
            yield return "If this was you, you do not need to do anything.";
            yield return "If it was not you, someone else knows this password and may still be logged in. Go to the device, end "
                + "that session, and change the password.";
        }
        else
        {
            if (!content.AccountUnknown)
                yield return "If you mistyped your password, you do not need to do anything.";
            yield return MayShowWhoTyped
                ? "If it was not you, look at the picture to see who it was. Nobody got in this time."
                : "If it was not you, someone else tried. Nobody got in this time.";
        }

        if (content.ForAdministrators)
        {
            yield return "You receive this mail as an administrator, because no account is assigned to this user of the device. "
                + "Assign one on the page Device.";
        }
    }

    private static bool IsRemote(MailAttempt attempt) => attempt.Place is RemoteKind.Remote or RemoteKind.Unknown;
}
