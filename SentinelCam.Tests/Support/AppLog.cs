namespace SentinelCam.Tests.Support;

/// <summary>The app's log files.</summary>
public static class AppLog
{
    public static string Read(string dataDirectory) => string.Concat(
        Directory.EnumerateFiles(Path.Combine(dataDirectory, "logs")).Order().Select(path =>
        {
            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return file.ReadToEnd();
        }));
}
