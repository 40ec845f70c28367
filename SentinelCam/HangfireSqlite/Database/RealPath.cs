namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// Where a file really is. SQLite follows links too, so the log lies beside the real file; and two paths to one file
/// must have the same locks.
/// </summary>
internal static class RealPath
{
    /// <returns>The path without links; what cannot be looked at is left as it is.</returns>
    public static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var parent = Path.GetDirectoryName(full);
        if (parent is null) return full;

        var real = Path.Combine(Of(parent), Path.GetFileName(full));
        try
        {
            return new FileInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target ? Of(target.FullName) : real;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return real;
        }
    }
}
