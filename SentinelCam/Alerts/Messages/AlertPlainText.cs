using System.Text;

namespace SentinelCam.Alerts;

/// <summary>The plain text of a mail, for programs that show no HTML and for people who prefer it.</summary>
internal static class AlertPlainText
{
    private const int TextWidth = 72;
    private const int LabelWidth = 16;

    public static string Of(AlertText text)
    {
        var plain = new StringBuilder();
        AppendWrapped(plain, text.Opening, indent: 0);
        AppendTable(plain, text.Facts);
        AppendTable(plain, text.Attempts);
        foreach (var notice in text.Notices)
        {
            plain.Append('\n');
            AppendWrapped(plain, notice, indent: 0);
        }

        if (text.Question is { } question)
        {
            plain.Append('\n').Append(question.Text).Append(' ').Append(question.Invitation).Append(":\n")
                .Append(question.Link).Append('\n');
        }

        if (text.Link is { } link)
            plain.Append("\nOpen this alert:\n").Append(link).Append('\n');
        if (text.Advice.Count > 0)
            plain.Append("\nWhat to do\n\n");
        foreach (var advice in text.Advice)
            AppendWrapped(plain, "- " + advice, indent: 2);
        AppendTable(plain, text.Details);
        return plain.ToString();
    }

    private static void AppendTable(StringBuilder plain, IReadOnlyList<AlertFact> facts)
    {
        if (facts.Count > 0)
            plain.Append('\n');
        foreach (var fact in facts)
            AppendWrapped(plain, (fact.Label + ":").PadRight(LabelWidth) + fact.Value, LabelWidth);
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
}
