using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace SentinelCam.Alerts;

/// <summary>
/// The HTML version of a mail. It loads nothing. Colours are set only where both a light and a dark background are known; text
/// takes the mail program's own, so it stays readable in programs that ignore style sheets or change colours.
/// </summary>
internal static class AlertHtml
{
    private const string Styles = """
        :root { color-scheme: light dark; }
        body { margin: 0; }
        a { color: #0f5c6e; }
        .quiet { color: #5b6472; }
        table { border-collapse: collapse; width: 100%; margin: 0 0 16px; }
        th, td { text-align: left; vertical-align: top; padding: 4px 0; border-bottom: 1px solid #80808040; }
        th { padding-right: 12px; white-space: nowrap; }
        td { width: 100%; overflow-wrap: anywhere; }
        @media (prefers-color-scheme: dark) {
          a { color: #86cbdc; }
          .quiet { color: #a3acb9; }
        }
        @media (max-width: 480px) {
          .answer { display: block !important; margin: 0 0 10px !important; text-align: center; }
        }
        """;

    // Letters of all scripts are kept as they are. Characters with a meaning in HTML are still encoded.
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    /// <param name="text">What the mail says.</param>
    /// <param name="contentIds">The Content-IDs of the pictures.</param>
    /// <param name="strip">The Content-IDs of the frames beside the only picture, and the frames.</param>
    public static string Of(AlertText text, List<string> contentIds, List<(string Id, MailPicture Frame)> strip)
    {
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta name=\"color-scheme\" content=\"light dark\">\n")
            .Append("<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>")
            .Append(Html.Encode(text.Subject)).Append("</title>\n<style>\n").Append(Styles).Append("\n</style>\n</head>\n")
            .Append("<body style=\"margin: 0\">\n")
            .Append("<div style=\"max-width: 640px; margin: 0 auto; font: 16px/1.45 system-ui, 'Segoe UI', sans-serif\">\n");
        Header(html, text);
        html.Append("<div style=\"padding: 0 16px 16px\">\n");
        Paragraph(html, text.Opening, "font-size: 18px; margin: 16px 0");
        Pictures(html, text, contentIds);
        Strip(html, strip);
        Table(html, text.Facts, "");
        Table(html, text.Attempts, "font-size: 14px");
        foreach (var notice in text.Notices)
            Paragraph(html, notice, "margin: 16px 0; padding: 2px 0 2px 12px; border-left: 4px solid #b45309");
        Question(html, text.Question);
        if (text.Link is { } link)
        {
            html.Append("<p style=\"margin: 16px 0\"><a href=\"").Append(Html.Encode(link))
                .Append("\">Open this alert</a></p>\n");
        }

        if (text.Advice.Count > 0)
        {
            html.Append("<h2 style=\"font-size: 16px; margin: 24px 0 8px\">What to do</h2>\n")
                .Append("<ul style=\"margin: 0 0 16px; padding: 0 0 0 20px\">\n");
            foreach (var advice in text.Advice)
                html.Append("<li style=\"margin: 0 0 6px\">").Append(Html.Encode(advice)).Append("</li>\n");
            html.Append("</ul>\n");
        }

        Table(html, text.Details, "font-size: 13px", "quiet");
        return html.Append("</div>\n</div>\n</body>\n</html>\n").ToString();
    }

    /// <summary>The logo as text, and where the mail comes from.</summary>
    private static void Header(StringBuilder html, AlertText text) =>
        html.Append("<div style=\"background: #0f5c6e; color: #ffffff; padding: 12px 16px; font-size: 18px\">")
            .Append("<strong>SentinelCam</strong> <span style=\"font-size: 14px\"><bdi>").Append(Html.Encode(text.Camera))
            .Append("</bdi></span></div>\n");

    /// <summary>The first picture at full width, the others two in a row.</summary>
    private static void Pictures(StringBuilder html, AlertText text, List<string> contentIds)
    {
        foreach (var (i, ((contentId, caption), label)) in contentIds.Zip(text.PictureCaptions).Zip(text.PictureLabels).Index())
        {
            var (box, width) = i == 0
                ? ("margin: 0 0 16px", "608")
                : ("display: inline-block; vertical-align: top; width: 48%; margin: 0 1% 12px 0", "292");
            html.Append("<div style=\"").Append(box).Append("\"><img src=\"cid:").Append(Html.Encode(contentId))
                .Append("\" alt=\"").Append(Html.Encode("Picture: " + caption)).Append("\" width=\"").Append(width)
                .Append("\" style=\"display: block; width: 100%; height: auto\">");
            // The table at the end says the rest
            if (label.Length > 0)
                html.Append("<span class=\"quiet\" style=\"font-size: 13px\">").Append(Html.Encode(label)).Append("</span>");
            html.Append("</div>\n");
        }
    }

    private static void Strip(StringBuilder html, List<(string Id, MailPicture Frame)> strip)
    {
        if (strip.Count == 0)
            return;
        html.Append("<div style=\"margin: 0 0 16px\">");
        foreach (var (id, frame) in strip)
        {
            var label = Html.Encode(frame.Label ?? "");
            html.Append("<img src=\"cid:").Append(Html.Encode(id))
                .Append("\" alt=\"").Append(label).Append("\" title=\"").Append(label)
                .Append("\" width=\"118\" style=\"width: 19%; height: auto; margin: 0 1% 4px 0\">");
        }

        html.Append("</div>\n");
    }

    private static void Question(StringBuilder html, MailQuestion? question)
    {
        if (question is null)
            return;
        html.Append("<h2 style=\"font-size: 18px; margin: 24px 0 12px\">").Append(Html.Encode(question.Text))
            .Append("</h2>\n<div>");
        foreach (var (text, link) in question.Answers)
        {
            html.Append("<a class=\"answer\" href=\"").Append(Html.Encode(link))
                .Append("\" style=\"display: inline-block; margin: 0 8px 8px 0; padding: 10px 16px; background: #0f5c6e; ")
                .Append("color: #ffffff; text-decoration: none; border-radius: 4px\">")
                .Append(Html.Encode(text)).Append("</a>\n");
        }

        html.Append("</div>\n");
    }

    private static void Paragraph(StringBuilder html, string text, string style) =>
        html.Append("<p style=\"").Append(style).Append("\">").Append(Html.Encode(text)).Append("</p>\n");

    // <bdi> keeps a visitor's right-to-left text from rearranging the text beside it
    private static void Table(StringBuilder html, IReadOnlyList<AlertFact> facts, string style, string name = "facts")
    {
        if (facts.Count == 0)
            return;
        html.Append("<table class=\"").Append(name).Append("\" style=\"").Append(style).Append("\">\n");
        foreach (var fact in facts)
        {
            html.Append("<tr><th scope=\"row\">").Append(Html.Encode(fact.Label)).Append("</th><td><bdi>")
                .Append(Html.Encode(fact.Value)).Append("</bdi></td></tr>\n");
        }

        html.Append("</table>\n");
    }
}
