using System.Globalization;
using System.Text;

namespace SentinelCam.Visitors;

/// <summary>Makes text that a visitor chose fit to be stored and shown: a user agent, an account name, a forwarded header.</summary>
/// <remarks>It does not encode: HTML, headers and file names each still need their own encoding.</remarks>
public static class VisitorText
{
    private const string Ellipsis = "…";

    // Enough for every living script; more is a way to smear text over its neighbours.
    private const int MaxCombiningMarks = 4;

    /// <summary>Returns one line without control characters, invisible and bidirectional format characters, and lone surrogates.</summary>
    /// <param name="text">The text as it came; null counts as empty.</param>
    /// <param name="maxLength">The most UTF-16 units to return. Longer text is cut between two characters as a reader sees them, and ends in "…".</param>
    /// <returns>The clean text, never null, with runs of white space made one space and none at its ends.</returns>
    public static string Clean(string? text, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLength);
        if (string.IsNullOrEmpty(text) || maxLength == 0)
            return "";

        var clean = new StringBuilder(Math.Min(text.Length, maxLength + 8));
        var rest = text.AsSpan();
        var spaceWaits = false;
        var marks = 0;

        // One unit more than allowed is enough to know that the text has to be cut.
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
