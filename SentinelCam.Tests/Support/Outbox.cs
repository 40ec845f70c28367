using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>The mails that an app without a mail server has written.</summary>
public static class Outbox
{
    /// <summary>Oldest first.</summary>
    public static List<MimeMessage> Mails(this SentinelCamApp app) =>
        [.. Directory.GetFiles(Path.Combine(app.DataDirectory, "outbox"), "*.eml").Select(path => MimeMessage.Load(path))
            .OrderBy(mail => mail.Date)];

    /// <summary>Those to one address.</summary>
    public static List<MimeMessage> MailsTo(this SentinelCamApp app, string address) =>
        app.Mails().FindAll(mail => mail.To.Mailboxes.Any(mailbox => mailbox.Address == address));
}
