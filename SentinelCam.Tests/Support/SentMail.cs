using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using MimeKit;
using MimeKit.Text;
using SentinelCam.Alerts;

namespace SentinelCam.Tests.Support;

/// <summary>Mails as their recipients read them.</summary>
internal static class SentMail
{
    /// <summary>The mail as a recipient gets it: written and parsed again.</summary>
    public static MimeMessage Sent(this AlertContent content)
    {
        using var wire = new MemoryStream();
        AlertMessage.Compose(content).WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, wire);
        wire.Position = 0;
        return MimeMessage.Load(wire);
    }

    /// <summary>The text part, with line feeds.</summary>
    public static string Plain(this MimeMessage mail) => mail.GetTextBody(TextFormat.Plain)!.ReplaceLineEndings("\n");

    /// <summary>The text part without its line breaks.</summary>
    public static string PlainOnOneLine(this MimeMessage mail) => mail.Plain().OnOneLine();

    public static IDocument Html(this MimeMessage mail) => new HtmlParser().ParseDocument(mail.HtmlBody!);

    /// <summary>An attachment, decoded.</summary>
    public static byte[] Bytes(this MimePart part)
    {
        using var bytes = new MemoryStream();
        part.Content!.DecodeTo(bytes);
        return bytes.ToArray();
    }
}
