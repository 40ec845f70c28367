using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>The real ffmpeg program.</summary>
public static class FfmpegProgram
{
    /// <summary>Whether it is in PATH.</summary>
    public static bool IsAvailable { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg")));

    /// <summary>Starts it with its standard output redirected; errors go to the test's own.</summary>
    public static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("ffmpeg", ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", .. arguments])
        {
            RedirectStandardOutput = true,
        })!;

    /// <summary>Runs it to its end.</summary>
    public static async Task RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var ffmpeg = Start(arguments);
        await ffmpeg.WaitForExitAsync(cancellationToken);
        Assert.Equal(0, ffmpeg.ExitCode);
    }
}
