using System.Globalization;
using System.Text;

namespace SentinelCam.Visitors;

/// <summary>Makes a visitor's text safe to store and show: a user agent, an account name, a forwarded header.</summary>
/// <remarks>It does not encode: HTML, headers and file names still need their own encoding.</remarks>
public static class VisitorText
{
    private const string Ellipsis = "…";

    // Enough for every living script; more could draw over neighbouring text
    private const int MaxCombiningMarks = 4;

    /// <summary>Returns one line without control, invisible or bidirectional format characters, or lone surrogates.</summary>
    /// <param name="text">The text as received; null counts as empty.</param>
    /// <param name="maxLength">At most this many UTF-16 units. Longer text is cut between graphemes and ends in "…".</param>
    /// <returns>The clean text, never null, trimmed, with each run of white space replaced by one space.</returns>
    public static string Clean(string? text, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLength);
        if (string.IsNullOrEmpty(text) || maxLength == 0)
            return "";

        var clean = new StringBuilder(Math.Min(text.Length, maxLength + 8));
        var rest = text.AsSpan();
        var spaceWaits = false;
        var marks = 0;

        // One unit more than allowed is enough to know that the text must be cut
        while (!rest.IsEmpty && clean.Length <= maxLength)
        {
            var found = Rune.DecodeFromUtf16(rest, out var rune, out var used);
            rest = rest[used..];
            if (found != System.Buffers.OperationStatus.Done)
                continue;

            var category = Rune.GetUnicodeCategory(rune);
            if (Rune.IsWhiteSpace(rune))
            {
                spaceWaits = clean.Length > 0;
                continue;
            }
            if (IsInvisible(rune, category))
                continue;

            marks = IsCombining(category) ? marks + 1 : 0;
            if (marks > MaxCombiningMarks)
                continue;

            if (spaceWaits)
                clean.Append(' ');
            spaceWaits = false;
            clean.Append(rune);
        }

        return clean.Length <= maxLength ? clean.ToString() : Cut(clean.ToString(), maxLength);
    }

    /// <summary>The same, cut to a number of UTF-8 bytes, which is what text takes on disk.</summary>
    public static string CleanToBytes(string? text, int maxBytes)
    {
        var clean = Clean(text, maxBytes);
        if (Encoding.UTF8.GetByteCount(clean) <= maxBytes)
            return clean;
        var room = maxBytes - Encoding.UTF8.GetByteCount(Ellipsis);
        var length = 0;
        foreach (var rune in clean.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return Cut(clean, length + Ellipsis.Length);
    }

    /// <summary>A field of a CSV file, in quotes. A text that a spreadsheet would read as a formula gets an apostrophe.</summary>
    public static string CsvField(string? text)
    {
        text ??= "";
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠')
            text = "'" + text;
        return $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static bool IsInvisible(Rune rune, UnicodeCategory category) =>
        category is UnicodeCategory.Control or UnicodeCategory.Format
        || (rune.Value & 0xFFFE) == 0xFFFE
        || rune.Value is >= 0xFDD0 and <= 0xFDEF;

    private static bool IsCombining(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static string Cut(string text, int maxLength)
    {
        var room = maxLength - Ellipsis.Length;
        var length = 0;
        while (length < room)
        {
            var next = length + StringInfo.GetNextTextElementLength(text, length);
            if (next > room)
                break;
            length = next;
        }

        return string.Concat(text.AsSpan(0, length).TrimEnd(), Ellipsis);
    }
}
