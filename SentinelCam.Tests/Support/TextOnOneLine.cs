namespace SentinelCam.Tests.Support;

public static class TextOnOneLine
{
    /// <summary>The text with every run of spaces and line breaks as one space, as a reader sees it.</summary>
    public static string OnOneLine(this string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
