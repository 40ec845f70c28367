namespace SentinelCam.Accounts;

/// <summary>How somebody signed in. A sign-in states it as the authentication method, and its session stores it.</summary>
public static class SignInMethods
{
    public const string Password = "pwd";

    /// <summary>The password, and a code of the authenticator app.</summary>
    public const string AuthenticatorApp = "totp";

    /// <summary>The password, and a recovery code.</summary>
    public const string RecoveryCode = "recovery";

    /// <summary>The password, in a browser in which a second factor was used within 30 days.</summary>
    public const string TrustedBrowser = "trusted";
}
