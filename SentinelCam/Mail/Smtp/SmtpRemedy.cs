namespace SentinelCam.Mail;

/// <summary>What an administrator can do about a failure, in words for pages and the log.</summary>
internal static class SmtpRemedy
{
    public const string SetCredentials = "The server requires sign-in. Set Smtp:UserName and Smtp:Password.";

    public const string RenewConsent =
        "The consent expired or was revoked, or the application is unknown. Create a new refresh token, and check "
        + "Smtp:OAuth:ClientId and Smtp:OAuth:ClientSecret.";

    public const string CheckTokenEndpoint = "Check that this machine can reach the provider's token endpoint.";

    public const string TurnOnTls = "Set Smtp:Security to StartTls or SslOnConnect.";

    public const string OverQuota = "The sender's account or the recipient's mailbox is over its quota.";

    public const string TemporarySignInFailure =
        "The server could not check the sign-in for now. The mail is tried again automatically.";

    public const string AllowClient =
        "The server does not accept mails from this machine's address. Send through your mail provider's server, with "
        + "Smtp:Port 587, Smtp:UserName and Smtp:Password, or allow this machine in the server's settings.";

    public const string TooLarge = "The server's size limit is too low. Raise it, or use another server.";

    public const string UpdateTls =
        "SentinelCam requires TLS 1.2 or later and up-to-date encryption methods. Update the mail server, or use another one.";

    public const string CheckName = "Check Smtp:Host and this machine's name resolution (DNS).";

    public const string CheckConnection = "Check Smtp:Host and Smtp:Port, and that no firewall blocks the connection.";

    public const string UsePortWithSignIn =
        "Check Smtp:Port: 587 usually allows sign-in, 25 often does not. Or remove Smtp:UserName and Smtp:Password.";

    private const string UseStartTls =
        "This port may not use TLS from the start. Set Smtp:Security to StartTls, or Smtp:Port to 465.";

    private enum Provider
    {
        Other,
        Google,
        Microsoft,
    }

    /// <summary>The server refused the name with which SentinelCam introduces itself.</summary>
    public static string ForHello(string? name) =>
        $"The server does not accept the name with which SentinelCam introduces itself ({name ?? "EHLO"}). Set Smtp:HelloName to "
        + "this machine's full host name, such as cam.example.org, or to an address in brackets, such as [192.0.2.1].";

    /// <summary>The server does not relay.</summary>
    public static string ForRelay(SmtpOptions options) => options.HasCredentials
        ? "The server does not send to this recipient for this account. Check that Smtp:Port is the port for sign-in (587 or "
            + "465), and that the account may send to other domains."
        : "The server does not send to other domains for this machine. Set Smtp:UserName and Smtp:Password, or allow this "
            + "machine in the server's settings.";

    /// <summary>The server refused the sender's address.</summary>
    public static string ForSender(SmtpOptions options) =>
        $"The server does not accept the sender {options.From}. Set Smtp:From to an address from which "
        + (options.HasCredentials ? "this account may send." : "this server sends.");

    /// <summary>The server's certificate was not accepted.</summary>
    public static string ForCertificate(SmtpOptions options) =>
        $"Smtp:Host ({options.Host}) must match the name in the server's certificate, and this machine must trust its authority.";

    /// <summary>The TLS handshake failed.</summary>
    public static string ForHandshake(SmtpOptions options) =>
        options.Port == SmtpOptions.TlsPort ? "Check that the server supports TLS on this port."
        : options.TlsFromStart ? UseStartTls
        : "The server offers STARTTLS, but cannot set it up. Check the server's TLS settings and its log.";

    /// <summary>The server does not offer STARTTLS.</summary>
    public static string ForMissingStartTls(SmtpOptions options) => options.HasCredentials
        ? "A password is sent only over TLS. Set Smtp:Port to 465 and Smtp:Security to SslOnConnect, or use another server."
        : "Set Smtp:Port to 465 and Smtp:Security to SslOnConnect, or set Smtp:Security to None to send without encryption.";

    /// <summary>The server did not answer, or closed the connection.</summary>
    public static string? ForSilence(SmtpStep step, SmtpOptions options) => step switch
    {
        SmtpStep.Connect => CheckConnection,
        SmtpStep.Greeting when options is { Port: SmtpOptions.TlsPort, Security: SmtpSecurity.None or SmtpSecurity.StartTls } =>
            "Port 465 uses TLS from the start. Set Smtp:Security to SslOnConnect.",
        SmtpStep.Greeting when options.Security == SmtpSecurity.SslOnConnect && options.Port != SmtpOptions.TlsPort =>
            UseStartTls,
        _ => null,
    };

    /// <summary>The server rejected the password or the access token.</summary>
    public static string ForSignIn(SmtpOptions options)
    {
        if (options.OAuth is not null)
        {
            return "The server rejected the access token. Smtp:UserName must be the mailbox that gave its consent, and the "
                + "consent must cover sending mail (https://mail.google.com/ or https://outlook.office.com/SMTP.Send).";
        }

        return ProviderOf(options) switch
        {
            Provider.Google =>
                "Gmail requires an app password. Turn on 2-Step Verification, create an app password in the Google account "
                + "under Security, and set it as Smtp:Password.",
            Provider.Microsoft =>
                "Outlook requires an app password, and SMTP AUTH must be allowed for the mailbox. Many Microsoft accounts "
                + "do not allow passwords at all.",
            _ => "Check Smtp:UserName and Smtp:Password. Accounts with a second factor need an app password.",
        };
    }

    private static Provider ProviderOf(SmtpOptions options)
    {
        return Mentions("gmail", "google") ? Provider.Google
            : Mentions("outlook", "office365", "hotmail") ? Provider.Microsoft
            : Provider.Other;

        bool Mentions(params string[] names) =>
            Array.Exists(names, name => $"{options.Host} {options.UserName}".Contains(name, StringComparison.OrdinalIgnoreCase));
    }
}
