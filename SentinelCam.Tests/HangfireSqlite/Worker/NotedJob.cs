using System.Globalization;
using Hangfire;

namespace SentinelCam.Tests.HangfireSqlite.Worker;

/// <summary>
/// A job that writes down when it begins and when it ends. Each process has a file of its own, because .NET's
/// append is not atomic between processes; what is written outlives a kill.
/// </summary>
public static class NotedJob
{
    private static readonly object Gate = new();

    /// <param name="folder">Where the files are.</param>
    /// <param name="id">What to write.</param>
    /// <param name="milliseconds">How long the job takes.</param>
    [AutomaticRetry(Attempts = 0)]
    public static void Run(string folder, int id, int milliseconds)
    {
        Note(folder, "begin", id);
        if (milliseconds > 0) Thread.Sleep(milliseconds);
        Note(folder, "end", id);
    }

    private static void Note(string folder, string what, int id)
    {
        var file = Path.Combine(folder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        lock (Gate) File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"{what} {id}\n"));
    }
}
