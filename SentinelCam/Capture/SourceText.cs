namespace SentinelCam.Capture;

/// <summary>How a camera's source is shown: never with credentials or a query, which often holds some.</summary>
internal static class SourceText
{
    private const int MaxLength = 200;

    /// <summary>Scheme, host, port and path.</summary>
    public static string Of(Uri address) =>
        address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A value that was not understood: without whatever might be credentials, on one line, and not long.</summary>
    public static string Of(string value)
    {
        var shown = value;
        // A password may hold any character, so all up to the last @ goes
        var scheme = shown.IndexOf("://", StringComparison.Ordinal);
        var at = shown.LastIndexOf('@');
        if (at >= 0)
            shown = scheme >= 0 && scheme < at ? shown[..(scheme + 3)] + shown[(at + 1)..] : shown[(at + 1)..];
        if (scheme >= 0 && shown.AsSpan().IndexOfAny('?', '#') is >= 0 and var query)
            shown = shown[..query];
        return new string([.. shown.Take(MaxLength).Select(c => char.IsControl(c) ? '?' : c)]);
    }
}
