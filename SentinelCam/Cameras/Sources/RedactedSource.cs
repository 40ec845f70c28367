namespace SentinelCam.Cameras.Sources;

/// <summary>How a camera's source is shown: never with credentials or a query, which often holds some.</summary>
internal static class RedactedSource
{
    private const int MaxLength = 200;

    private static readonly string[] ValueMarks = ["=", "&", ";", "%3D", "%26", "%3B"];

    /// <summary>Scheme, host, port and path, this as far as it holds no values.</summary>
    public static string Of(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + WithoutValues(address.AbsolutePath);
    }

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
        if (scheme >= 0 && shown.IndexOf('/', scheme + 3) is >= 0 and var path)
            shown = shown[..path] + WithoutValues(shown[path..]);
        return new string([.. shown.Take(MaxLength).Select(c => char.IsControl(c) ? '?' : c)]);
    }

    /// <summary>Recorders take "/user=me&amp;password=secret": from the first part with a value on, a path is left out.</summary>
    private static string WithoutValues(string path)
    {
        var value = ValueMarks.Select(mark => path.IndexOf(mark, StringComparison.OrdinalIgnoreCase)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        return value < 0 ? path : path[..(path.LastIndexOf('/', value) + 1)] + "...";
    }
}
