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
    private const int MaxFileNameLength = 100;

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
        var plain = Text("plain", AlertPlainText.Of(text));
        if (content.Pictures.Count == 0)
            return new MultipartAlternative(plain, Text("html", AlertHtml.Of(text, [], [])));

        var id = new string([.. content.MessageId.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@')]);
        var ids = Enumerable.Range(1, content.Pictures.Count).Select(number => $"picture{number}.{id}").ToList();
        var strip = content.Strip.Select((frame, i) => (Id: $"strip{i + 1}.{id}", Frame: frame)).ToList();
        var related = new MultipartRelated { Root = Text("html", AlertHtml.Of(text, ids, strip)) };
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
}
