using System.Text;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Visitors;

public sealed class VisitorTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData(" \t\r\n ", "")]
    [InlineData("alice@example.org", "alice@example.org")]
    [InlineData("  two \t\r\n  words ", "two words")]
    [InlineData("a\rb\nc\u0085d\u2028e\u2029f", "a b c d e f")]
    [InlineData("bell\u0007 nul\0 escape\u001b[31m", "bell nul escape[31m")]
    [InlineData("gpj.\u202Eexe", "gpj.exe")]
    [InlineData("\u2066isolate\u2069 \u200Emark\u200F \u061Carabic", "isolate mark arabic")]
    [InlineData("zero\u200Bwidth\u200D\uFEFF\u00ADsoft", "zerowidthsoft")]
    [InlineData("no\uFFFFcharacter\uFDD0", "nocharacter")]
    [InlineData("Grüße, 你好, שלום", "Grüße, 你好, שלום")]
    [InlineData("emoji \U0001F600", "emoji \U0001F600")]
    [InlineData("<b>&\"'</b>", "<b>&\"'</b>")]
    public void Text_becomes_one_visible_line(string? text, string expected) =>
        Assert.Equal(expected, VisitorText.Clean(text, 100));

    // Built here, since an attribute cannot hold half a surrogate pair.
    [Fact]
    public void Lone_surrogates_are_removed() =>
        Assert.Equal("ab", VisitorText.Clean("a" + '\uD83D' + "b" + '\uDE00', 100));

    [Theory]
    [InlineData("12345", 5, "12345")]
    [InlineData("123456", 5, "1234…")]
    [InlineData("123 56", 5, "123…")]
    [InlineData("12345   ", 5, "12345")]
    [InlineData("123456", 1, "…")]
    [InlineData("123456", 0, "")]
    [InlineData("123\U0001F600\U0001F600", 5, "123…")]
    [InlineData("123e\u0301\u0301x", 5, "123…")]
    public void Long_text_is_truncated_between_characters(string text, int maxLength, string expected) =>
        Assert.Equal(expected, VisitorText.Clean(text, maxLength));

    [Fact]
    public void Stacked_combining_marks_are_limited() =>
        Assert.Equal("a\u0301\u0301\u0301\u0301b", VisitorText.Clean("a" + new string('\u0301', 5000) + "b", 100));

    [Fact]
    public void Any_input_gives_a_clean_and_short_result()
    {
        var random = new Random(20261123);
        var text = new StringBuilder();
        for (var round = 0; round < 2000; round++)
        {
            text.Clear();
            for (var i = random.Next(60); i > 0; i--)
                text.Append((char)random.Next(char.MaxValue + 1));
            var maxLength = random.Next(40);

            var clean = VisitorText.Clean(text.ToString(), maxLength);

            Assert.True(clean.Length <= maxLength, clean);
            Assert.DoesNotContain(clean, char.IsControl);
            Assert.Equal(clean, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(clean)));
            Assert.Equal(clean, VisitorText.Clean(clean, maxLength));
        }
    }

    [Fact]
    public void Huge_text_costs_no_more_than_the_result()
    {
        var huge = new string('x', 1024 * 1024);
        VisitorText.Clean(huge, 200);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(200, VisitorText.Clean(huge, 200).Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }
}
