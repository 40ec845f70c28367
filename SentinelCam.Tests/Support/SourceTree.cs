namespace SentinelCam.Tests.Support;

/// <summary>The folder that this build's sources are in.</summary>
public static class SourceTree
{
    /// <summary>The folder of <c>SentinelCam.sln</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "SentinelCam.sln")))
            directory = directory.Parent ?? throw new DirectoryNotFoundException("SentinelCam.sln is in no folder above.");
        return directory.FullName;
    }
}
