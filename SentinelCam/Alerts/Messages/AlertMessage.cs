using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using MimeKit;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>Builds the MIME message of a mail.</summary>
/// <remarks>
/// <code>
/// multipart/mixed
///   multipart/alternative
///     text/plain
///     multipart/related
///       text/html
///       image/jpeg, inline by Content-ID, one for each picture, then one for each frame of the strip
///   image/jpeg, attached, one for each picture
/// </code>
/// </remarks>
public static class AlertMessage
{
    private const int TextWidth = 72;
    private const int LabelWidth = 16;
    private const int MaxFileNameLength = 100;

    // Letters of all scripts are kept as they are. Characters with a meaning in HTML are still encoded.
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Builds the message. It is smaller than a megabyte and loads nothing: no remote picture, no style sheet.</summary>
    /// <param name="content">What the mail says.</param>
    /// <param name="shrink">
    /// Reduces a JPEG to a maximum width in pixels, or returns null. A picture that is too large and cannot be reduced is left
    /// out, and the mail says so.
    /// </param>
    /// <param name="maxPictureBytes">
    /// The maximum total size of the pictures in bytes; less than <see cref="MailPictures.MaxBytes"/> if the mail
    /// server refused a larger mail, which the mail then says.
    /// </param>
    /// <exception cref="ArgumentException">The sender, the recipient or a Message-ID is malformed.</exception>
    public static MimeMessage Compose(
        AlertContent content, Func<byte[], int, byte[]?>? shrink = null, int maxPictureBytes = MailPictures.MaxBytes)
    {
        ArgumentNullException.ThrowIfNull(content);
        var wasRefused = maxPictureBytes < MailPictures.MaxBytes;
        var (pictures, leftOut) = MailPictures.Fit(content.Pictures, maxPictureBytes, shrink ?? ((_, _) => null));
        content = content with { Pictures = pictures, Strip = wasRefused ? [] : content.Strip };
        var text = new AlertText(content, leftOut, wasRefused);

        var message = new MimeMessage();
        message.From.Add(Mailbox(content.From, "SentinelCam"));
        message.To.Add(Mailbox(content.To, content.ToName));
        message.Subject = text.Subject;
        message.Date = TimeZoneInfo.ConvertTime(content.ComposedAt, content.TimeZone);
        message.MessageId = content.MessageId;
        if (content.InReplyTo is not null)
            message.InReplyTo = content.InReplyTo;
        message.References.AddRange(content.References);
        // Asks out-of-office programs and ticket systems not to reply (RFC 3834, and Exchange's own header)
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.Headers.Add("X-Auto-Response-Suppress", "All");
        message.Body = Body(content, text);
        return message;
    }

    private static MailboxAddress Mailbox(string address, string? name)
    {
        if (address.Any(char.IsControl)
            || !MailboxAddress.TryParse(address, out var mailbox)
            || mailbox.Address.IndexOf('@', StringComparison.Ordinal) <= 0)
        {
            throw new ArgumentException($"\"{VisitorText.Clean(address, 200)}\" is not a mail address.", nameof(address));
        }

        if (string.IsNullOrEmpty(mailbox.Name))
            mailbox.Name = VisitorText.Clean(name, MaxFileNameLength);
        return mailbox;
    }

    private static MimeEntity Body(AlertContent content, AlertText text)
    {
        var plain = Text("plain", PlainText(text));
        if (content.Pictures.Count == 0)
            return new MultipartAlternative(plain, Text("html", HtmlText(text, [], [])));

        var id = new string([.. content.MessageId.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@')]);
        var ids = Enumerable.Range(1, content.Pictures.Count).Select(number => $"picture{number}.{id}").ToList();
        var strip = content.Strip.Select((frame, i) => (Id: $"strip{i + 1}.{id}", Frame: frame)).ToList();
        var related = new MultipartRelated { Root = Text("html", HtmlText(text, ids, strip)) };
        foreach (var (picture, contentId) in content.Pictures.Zip(ids).Concat(strip.Select(frame => (frame.Frame, frame.Id))))
        {
            var inline = Jpeg(picture, ContentDisposition.Inline);
            inline.ContentId = contentId;
            related.Add(inline);
        }

        var mixed = new Multipart("mixed") { new MultipartAlternative(plain, related) };
        foreach (var picture in content.Pictures)
            mixed.Add(Jpeg(picture, ContentDisposition.Attachment));
        return mixed;
    }

    // Quoted-printable, so that long lines and letters of any script pass every server
    private static TextPart Text(string subtype, string text) => new(subtype)
    {
        Text = text,
        ContentTransferEncoding = ContentEncoding.QuotedPrintable,
    };

    private static MimePart Jpeg(MailPicture picture, string disposition)
    {
        var name = VisitorText.Clean(Path.GetFileName(picture.FileName), MaxFileNameLength);
        return new MimePart("image", "jpeg")
        {
            Content = new MimeContent(new MemoryStream(picture.Jpeg, writable: false)),
            ContentTransferEncoding = ContentEncoding.Base64,
            ContentDisposition = new ContentDisposition(disposition) { FileName = name.Length > 0 ? name : "picture.jpg" },
        };
    }

    private static string PlainText(AlertText text)
    {
        var plain = new StringBuilder();
        AppendWrapped(plain, text.Opening, indent: 0);
        foreach (var table in text.Tables)
        {
            plain.Append('\n');
            foreach (var fact in table)
                AppendWrapped(plain, (fact.Label + ":").PadRight(LabelWidth) + fact.Value, LabelWidth);
        }

        foreach (var notice in text.Notices)
        {
            plain.Append('\n');
            AppendWrapped(plain, notice, indent: 0);
        }

        if (text.Advice.Count > 0)
            plain.Append("\nWhat to do\n\n");
        foreach (var advice in text.Advice)
            AppendWrapped(plain, "- " + advice, indent: 2);
        return plain.ToString();
    }

    /// <summary>
    /// Adds a paragraph wrapped at <see cref="TextWidth"/>, indented from the second line on. A longer word gets its own line.
    /// </summary>
    private static void AppendWrapped(StringBuilder plain, string paragraph, int indent)
    {
        while (paragraph.Length > TextWidth)
        {
            var end = paragraph.LastIndexOf(' ', TextWidth);
            if (end <= indent)
                end = paragraph.IndexOf(' ', TextWidth);
            if (end < 0)
                break;
            plain.Append(paragraph.AsSpan(0, end).TrimEnd()).Append('\n');
            paragraph = new string(' ', indent) + paragraph[(end + 1)..].TrimStart();
        }

        plain.Append(paragraph).Append('\n');
    }

    private static string HtmlText(AlertText text, List<string> contentIds, List<(string Id, MailPicture Frame)> strip)
    {
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
            .Append(Html.Encode(text.Subject)).Append("</title>\n</head>\n")
            .Append("<body style=\"font-family: sans-serif; line-height: 1.4; max-width: 42em\">\n");
        Paragraph(html, text.Opening, "font-size: 1.1em");
        foreach (var (contentId, caption) in contentIds.Zip(text.PictureCaptions))
        {
            html.Append("<p><img src=\"cid:").Append(Html.Encode(contentId))
                .Append("\" alt=\"").Append(Html.Encode("Picture: " + caption))
                .Append("\" style=\"max-width: 100%; height: auto\">");
            if (contentIds.Count > 1)
                html.Append("<br>").Append(Html.Encode(caption));
            html.Append("</p>\n");
        }

        if (strip.Count > 0)
        {
            html.Append("<p>");
            foreach (var (id, frame) in strip)
            {
                var label = Html.Encode(frame.Label ?? "");
                html.Append("<img src=\"cid:").Append(Html.Encode(id))
                    .Append("\" alt=\"").Append(label).Append("\" title=\"").Append(label)
                    .Append("\" width=\"160\" style=\"height: auto; margin: 0 4px 4px 0\">");
            }

            html.Append("</p>\n");
        }

        foreach (var table in text.Tables)
            Table(html, table);
        foreach (var notice in text.Notices)
            Paragraph(html, notice, "padding: 0.6em; border-left: 0.3em solid #b45309");
        if (text.Advice.Count > 0)
        {
            html.Append("<h2 style=\"font-size: 1.1em\">What to do</h2>\n<ul>\n");
            foreach (var advice in text.Advice)
                html.Append("<li>").Append(Html.Encode(advice)).Append("</li>\n");
            html.Append("</ul>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Paragraph(StringBuilder html, string text, string style) =>
        html.Append("<p style=\"").Append(style).Append("\">").Append(Html.Encode(text)).Append("</p>\n");

    // <bdi> keeps a visitor's right-to-left text from rearranging the text beside it
    private static void Table(StringBuilder html, IReadOnlyList<AlertFact> facts)
    {
        html.Append("<table style=\"border-collapse: collapse; margin: 0 0 1em\">\n");
        foreach (var fact in facts)
        {
            html.Append("<tr><th scope=\"row\" style=\"text-align: left; vertical-align: top; padding: 0.1em 1em 0.1em 0\">")
                .Append(Html.Encode(fact.Label))
                .Append("</th><td style=\"overflow-wrap: anywhere\"><bdi>")
                .Append(Html.Encode(fact.Value)).Append("</bdi></td></tr>\n");
        }

        html.Append("</table>\n");
    }
}
