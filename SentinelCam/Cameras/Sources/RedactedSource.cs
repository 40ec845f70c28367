namespace SentinelCam.Cameras;

/// <summary>
/// Redacts a camera's source for display: without credentials, and without the query string, which often contains some.
/// </summary>
internal static class RedactedSource
{
    private const int MaxLength = 200;

    private static readonly string[] ValueMarks = ["=", "&", ";", "%3D", "%26", "%3B"];

    /// <summary>
    /// Whether an address can be read in two ways: an @ after the host is most likely behind a password whose /, ?, # or \
    /// was not escaped, and then what looks like host and port is the user name and the start of the password.
    /// </summary>
    public static bool IsAmbiguous(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return false;
        var rest = address.AsSpan(scheme + 3);
        var host = rest.IndexOfAny("/?#\\");
        return host >= 0 && rest[host..].Contains('@');
    }

    /// <summary>Scheme, host, port, and the path up to its first part with a value.</summary>
    public static string Of(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + WithoutValues(address.AbsolutePath);
    }

    /// <summary>
    /// Redacts a value that could not be parsed: removes anything that may be credentials, line breaks and excess length.
    /// </summary>
    public static string Of(string value)
    {
        // Any part of such an address may be part of a password
        if (IsAmbiguous(value))
            return "...";
        var shown = value;
        // A password may contain any character, so everything up to the last @ is removed
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

    /// <summary>Drops a path from its first part with a value on: some recorders take "/user=me&amp;password=secret".</summary>
    private static string WithoutValues(string path)
    {
        var value = ValueMarks
            .Select(mark => path.IndexOf(mark, StringComparison.OrdinalIgnoreCase))
            .Where(at => at >= 0)
            .DefaultIfEmpty(-1)
            .Min();
        return value < 0 ? path : path[..(path.LastIndexOf('/', value) + 1)] + "...";
    }
}
