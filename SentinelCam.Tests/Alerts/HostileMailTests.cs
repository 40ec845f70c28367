using System.Text;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>Visitors' text cannot alter a mail, as the server receives it.</summary>
public sealed class HostileMailTests
{
    [Theory]
    [InlineData("x\r\nBcc: eve@example.org\r\n\r\nnew body")]
    [InlineData("x\nBcc: eve@example.org")]
    [InlineData("x\r\n.\r\nMAIL FROM:<eve@example.org>")]
    [InlineData("x\u0085\u2028\u2029\v\fBcc: eve@example.org")]
    [InlineData("=?utf-8?q?x=0D=0ABcc:_eve@example.org?=")]
    public async Task Text_cannot_add_a_header_a_recipient_or_a_command(string hostile)
    {
        var (mail, dialogue) = await SendAsync(Everywhere(hostile));

        Assert.Empty(mail.Bcc);
        Assert.Equal("alice@example.org", Assert.Single(mail.To.Mailboxes).Address);
        Assert.Equal(
            "auto-submitted date from message-id mime-version subject to x-auto-response-suppress",
            string.Join(' ', mail.Headers.Select(header => header.Field.ToLowerInvariant()).Order(StringComparer.Ordinal)));
        Assert.Equal(
            ["C: RCPT TO:<alice@example.org>"], dialogue.Where(line => line.StartsWith("C: RCPT", StringComparison.Ordinal)));
        Assert.Single(dialogue, line => line.StartsWith("C: MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Markup_in_text_stays_text()
    {
        const string Hostile = "</td><script>alert(1)</script><img src=https://example.org/x.png onerror='x()'>\"&amp;";

        var (mail, _) = await SendAsync(Everywhere(Hostile));

        var html = mail.Html();
        Assert.Empty(html.QuerySelectorAll("script, a, link, iframe, form"));
        Assert.Equal("cid:picture1.delivery-42@example.org", Assert.Single(html.QuerySelectorAll("img")).GetAttribute("src"));
        Assert.Contains(html.QuerySelectorAll("td"),
            cell => cell.TextContent == Hostile[..79] + "…" || cell.TextContent.StartsWith(Hostile, StringComparison.Ordinal));
        Assert.Contains("<script>alert(1)</script>", mail.Plain(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HTML_loads_nothing_from_elsewhere()
    {
        var (mail, _) = await SendAsync(Mails.Content());

        Assert.DoesNotContain("http", mail.HtmlBody, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", mail.HtmlBody, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Bidirectional_controls_do_not_reach_the_mail()
    {
        var (mail, _) = await SendAsync(Everywhere("cod.\u202Eslx\u202C \u2066\u200Fevil\u2069"));

        foreach (var text in new[] { mail.Subject!, mail.To.ToString(), mail.Plain(), mail.Html().DocumentElement.TextContent })
            Assert.DoesNotContain(text, c => char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);
        Assert.Contains("cod.slx evil", mail.Subject, StringComparison.Ordinal);
        Assert.All(mail.Html().QuerySelectorAll("td"), cell => Assert.Equal("bdi", cell.FirstElementChild?.LocalName));
    }

    [Fact]
    public async Task User_agent_of_a_megabyte_does_not_enlarge_the_mail()
    {
        var (usual, _) = await SendAsync(Mails.Content());
        var (mail, _) = await SendAsync(Everywhere(new string('A', 1024 * 1024)));

        Assert.InRange(mail.HtmlBody!.Length, 1, usual.HtmlBody!.Length + 3000);
        Assert.InRange(mail.Subject!.Length, 1, 250);
        Assert.Contains(new string('A', 250), mail.Plain(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Letters_of_all_scripts_arrive()
    {
        const string Name = "Zoë שלום 你好 \U0001F600";

        var (mail, _) = await SendAsync(Everywhere(Name));

        Assert.Contains(Name, mail.Subject, StringComparison.Ordinal);
        Assert.Equal(Name, Assert.Single(mail.To.Mailboxes).Name);
        Assert.Contains(Name, mail.Plain(), StringComparison.Ordinal);
        Assert.Contains(mail.Html().QuerySelectorAll("td"), cell => cell.TextContent == Name);
    }

    private static AlertContent Everywhere(string text) => Mails.Content() with
    {
        ToName = text,
        AccountName = text,
        CameraName = text,
        PictureProblem = text,
        Pictures = [Mails.Picture(text) with { FileName = text }],
        Addresses = [new MailAddress(text, 2)],
        Lines = [text],
        Attempts = [new MailAttempt(7, Mails.Moment, text, text, text, text)],
    };

    /// <summary>Sends the mail, checks every line on the wire, and returns the mail as the server received it.</summary>
    private static async Task<(MimeMessage Mail, IReadOnlyList<string> Dialogue)> SendAsync(AlertContent content)
    {
        await using var server = ScriptedSmtpServer.Start();

        var outcome = await new SmtpTransport(Mails.Options(server.Port))
            .SendAsync(AlertMessage.Compose(content), TestContext.Current.CancellationToken);

        Assert.Equal(MailResult.Accepted, outcome.Result);
        var bytes = Assert.Single(server.Messages);
        Assert.All(Encoding.Latin1.GetString(bytes).Split("\r\n"), line =>
        {
            Assert.InRange(line.Length, 0, 998);
            Assert.DoesNotContain(line, c => c is '\r' or '\n' or '\0' or > '\x7E');
        });
        return (Assert.Single(server.Mails), server.Dialogue);
    }
}
