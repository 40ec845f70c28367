using System.Text.RegularExpressions;
using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>Links in mails about accounts, as a recipient sees them.</summary>
public static partial class MailedLink
{
    /// <summary>Waits for the mails to an address whose subject contains a text, and returns them, oldest first.</summary>
    public static Task<IReadOnlyList<MimeMessage>> WaitForAsync(
        this ScriptedSmtpServer server, string address, string subject, int count = 1) => Eventually.GetAsync(
        IReadOnlyList<MimeMessage> () =>
        [
            .. server.Mails.Where(mail => mail.To.Mailboxes.Any(mailbox => mailbox.Address == address)
                && mail.Subject!.Contains(subject, StringComparison.Ordinal)),
        ], mails => mails.Count >= count, () => string.Join('\n', server.Mails.Select(mail => $"{mail.To}: {mail.Subject}")));

    /// <summary>The only link of a mail.</summary>
    public static string LinkOf(MimeMessage mail) => Assert.Single(Link().Matches(mail.TextBody!)).Value;

    [GeneratedRegex(@"https?://\S+\?token=\S+")]
    private static partial Regex Link();
}
