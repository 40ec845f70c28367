using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration.Json;
using MimeKit;
using SentinelCam.Configuration;

namespace SentinelCam.Mail;

/// <summary>How the connection to the SMTP server is protected.</summary>
public enum SmtpSecurity
{
    /// <summary>
    /// TLS from the start on port 465. On other ports STARTTLS: required with credentials, otherwise if offered.
    /// </summary>
    Auto,

    /// <summary>No encryption. With credentials, only to a server on this machine.</summary>
    None,

    /// <summary>STARTTLS is required.</summary>
    StartTls,

    /// <summary>TLS from the start.</summary>
    SslOnConnect,
}

/// <summary>The configuration section <c>Smtp</c>.</summary>
/// <param name="Host">The server's name or address; null to write mails to the outbox.</param>
/// <param name="Port">The server's port, 1 to 65535.</param>
/// <param name="Security">How the connection is protected.</param>
/// <param name="UserName">The name to sign in with; null for no sign-in.</param>
/// <param name="Password">The password to sign in with; null for XOAUTH2 or no sign-in.</param>
/// <param name="From">The sender's mail address, optionally with a display name.</param>
/// <param name="OAuth">The settings for XOAUTH2; null to use the password.</param>
/// <param name="HelloName">The name for EHLO: a full host name or an address; null to find one out.</param>
public sealed record SmtpOptions(
    string? Host,
    int Port,
    SmtpSecurity Security,
    string? UserName,
    string? Password,
    string? From,
    SmtpOAuth? OAuth = null,
    string? HelloName = null)
{
    /// <summary>The sender if neither a server nor a sender is configured.</summary>
    public const string OutboxSender = "sentinelcam@localhost";

    /// <summary>The port where TLS starts with the first byte.</summary>
    public const int TlsPort = 465;

    private const int DefaultPort = 587;
    private static readonly string[] Secrets = ["Smtp:Password", "Smtp:OAuth:ClientSecret", "Smtp:OAuth:RefreshToken"];

    /// <summary>Whether to sign in to the server.</summary>
    [MemberNotNullWhen(true, nameof(UserName))]
    public bool HasCredentials => UserName is not null && (Password is not null || OAuth is not null);

    /// <summary>Whether TLS starts with the first byte.</summary>
    public bool TlsFromStart =>
        Security == SmtpSecurity.SslOnConnect || (Security == SmtpSecurity.Auto && Port == TlsPort);

    /// <summary>Whether the server is on this machine, so that the connection cannot be intercepted.</summary>
    public bool HostIsLoopback =>
        string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>
    /// A new Message-ID with the sender's domain, without angle brackets, in ASCII, which every server accepts.
    /// </summary>
    public string NewMessageId()
    {
        var sender = MailboxAddress.EncodeAddrspec(MailboxAddress.Parse(From ?? OutboxSender).Address);
        return $"{Guid.NewGuid():N}{sender[sender.LastIndexOf('@')..]}";
    }

    /// <summary>Reads and checks the section <c>Smtp</c>. An empty value counts as not set.</summary>
    /// <exception cref="ConfigurationException">A value is invalid, or two values contradict each other.</exception>
    public static SmtpOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        RefuseSecretsInAppSettings(configuration);

        var host = ReadHost(configuration);
        var userName = Value(configuration, "Smtp:UserName")?.Trim();
        var options = new SmtpOptions(
            host,
            ReadPort(configuration),
            Setting.Choice(configuration, "Smtp:Security", SmtpSecurity.Auto),
            userName,
            Value(configuration, "Smtp:Password"),
            ReadFrom(configuration, host, userName),
            SmtpOAuth.Read(configuration, host),
            SmtpHello.Read(configuration));

        if (options is { OAuth: not null, Password: not null })
            throw new ConfigurationException("Smtp:Password", "(hidden)", "no password, because Smtp:OAuth is set.");
        if (options is { OAuth: not null, UserName: null })
        {
            throw new ConfigurationException("Smtp:UserName", null,
                "the mailbox's address. It is required because Smtp:OAuth is set.");
        }

        if (options is { UserName: not null, HasCredentials: false })
        {
            throw new ConfigurationException("Smtp:Password", null,
                "a password, because Smtp:UserName is set. Set it in " + WhereToKeep("Smtp:Password"));
        }

        if (options.Password is not null && options.UserName is null)
            throw new ConfigurationException("Smtp:UserName", null, "a user name. It is required because Smtp:Password is set.");
        if (options is { Security: SmtpSecurity.None, HasCredentials: true, Host: not null, HostIsLoopback: false })
        {
            throw new ConfigurationException("Smtp:Security", "None",
                "Auto, StartTls or SslOnConnect, so that the password is not sent unencrypted.");
        }

        return options;
    }

    /// <summary>A description without the secrets.</summary>
    public override string ToString() =>
        Host is null
            ? $"no server, mails from {From} go to the outbox"
            : $"{Host}:{Port}, security {Security}, {SignInText}, from {From}";

    private string SignInText => !HasCredentials ? "no sign-in"
        : OAuth is null ? $"signed in as {UserName}"
        : $"signed in as {UserName} by {OAuth}";

    private static string? ReadHost(IConfiguration configuration)
    {
        var host = Value(configuration, "Smtp:Host")?.Trim();
        return host is null || (Uri.CheckHostName(host) != UriHostNameType.Unknown && host is not ("0.0.0.0" or "::"))
            ? host
            : throw new ConfigurationException("Smtp:Host", host,
                "a host name or an IP address, without scheme or port (set the port with Smtp:Port).");
    }

    private static int ReadPort(IConfiguration configuration)
    {
        var text = Value(configuration, "Smtp:Port");
        if (text is null)
            return DefaultPort;

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is >= 1 and <= IPEndPoint.MaxPort
            ? port
            : throw new ConfigurationException("Smtp:Port", text,
                "a whole number from 1 to 65535, usually 587 (StartTls) or 465 (SslOnConnect).");
    }

    private static string ReadFrom(IConfiguration configuration, string? host, string? userName)
    {
        if (Value(configuration, "Smtp:From") is { } from)
        {
            return IsMailAddress(from)
                ? from.Trim()
                : throw new ConfigurationException("Smtp:From", from, "one mail address, such as sentinelcam@example.org.");
        }

        if (userName is not null && IsMailAddress(userName))
            return userName;
        return host is null
            ? OutboxSender
            : throw new ConfigurationException("Smtp:From", null,
                "the sender's mail address. It is required because Smtp:Host is set and Smtp:UserName is not a mail address.");
    }

    private static bool IsMailAddress(string text) =>
        !text.Any(char.IsControl)
        && MailboxAddress.TryParse(text, out var mailbox)
        && mailbox.Address.IndexOf('@', StringComparison.Ordinal) > 0
        && mailbox.Domain.Length > 0;

    private static string? Value(IConfiguration configuration, string key) =>
        string.IsNullOrWhiteSpace(configuration[key]) ? null : configuration[key];

    private static string WhereToKeep(string key) =>
        $"the environment variable {key.Replace(":", "__", StringComparison.Ordinal)} or user secrets, because appsettings files "
        + "end up in backups and repositories.";

    private static void RefuseSecretsInAppSettings(IConfiguration configuration)
    {
        if (configuration is not IConfigurationRoot root)
            return;

        foreach (var provider in root.Providers)
        {
            if (provider is ChainedConfigurationProvider chained)
            {
                RefuseSecretsInAppSettings(chained.Configuration);
            }
            else if (provider is JsonConfigurationProvider { Source.Path: { } path }
                && Path.GetFileName(path).StartsWith("appsettings", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var key in Secrets)
                {
                    if (provider.TryGet(key, out var secret) && !string.IsNullOrEmpty(secret))
                        throw new ConfigurationException(key, "(hidden) in " + Path.GetFileName(path), WhereToKeep(key));
                }
            }
        }
    }
}
