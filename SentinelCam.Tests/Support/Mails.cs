using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Tests.Support;

/// <summary>Mail contents and SMTP options for tests.</summary>
internal static class Mails
{
    public static readonly DateTimeOffset Moment = new(2026, 11, 23, 19, 30, 5, 123, TimeSpan.Zero);

    /// <summary>Not a real picture, but bytes that mail servers tend to change: line ends, dots and all values.</summary>
    public static byte[] Jpeg { get; } =
    [
        0xFF, 0xD8, 0xFF, 0xE0,
        .. "\r\n.\r\n\n.\r"u8,
        .. Enumerable.Range(0, 40_000).Select(i => (byte)(i * 31 % 256)),
        0xFF, 0xD9,
    ];

    public static MailPicture Picture(string? label = null) => new(Jpeg, "porch-2026-11-23.jpg", Moment, 640, 480, label);

    public static MailAttempt Attempt(string remoteAddress = "127.0.0.1") =>
        new(7, Moment, "alice@example.org", remoteAddress, "Mozilla/5.0 (X11; Linux x86_64)", "wrong password");

    public static AlertContent Content(MailKind kind = MailKind.Attempt, string to = "alice@example.org") => new()
    {
        Kind = kind,
        To = to,
        ToName = "Alice",
        From = "cam@example.org",
        MessageId = "delivery-42@example.org",
        AccountName = "alice@example.org",
        CameraName = "porch",
        Attempts = [Attempt()],
        AttemptCount = 1,
        FirstAt = Moment,
        LastAt = Moment,
        Pictures = [Picture()],
        TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"),
        ComposedAt = Moment,
    };

    public static SmtpOptions Options(
        int port, SmtpSecurity security = SmtpSecurity.Auto, bool signIn = false, string host = "localhost") =>
        new(host, port, security, signIn ? "cam@example.org" : null, signIn ? "open sesame" : null, "cam@example.org");
}
