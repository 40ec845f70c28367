using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>The words of the mails about an account itself, whose links are among the notices.</summary>
internal static class AccountMailText
{
    /// <summary>Whether this class has the words of a mail.</summary>
    public static bool IsAbout(MailKind kind) => kind is MailKind.ResetPassword;

    /// <param name="kind">The mail.</param>
    /// <param name="account">The account's address.</param>
    /// <param name="camera">The camera's display name.</param>
    public static string Subject(MailKind kind, string account, string camera) => kind switch
    {
        MailKind.ResetPassword => $"Set a new password for {account} on {camera}",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <inheritdoc cref="Subject" />
    public static string Opening(MailKind kind, string account, string camera) => kind switch
    {
        MailKind.ResetPassword =>
            $"Someone who wants to sign in to SentinelCam on {camera} has forgotten the password of {account}. This link sets a "
            + "new one:",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>What to do.</summary>
    public static string[] Advice(MailKind kind) => kind switch
    {
        MailKind.ResetPassword =>
        [
            "If it was you, open the link and enter a new password. The link works once, for 30 minutes after the request. All "
                + "browsers are then signed out.",
            "If it was not you, do nothing. Your password stays as it is. Do not pass this mail on.",
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
