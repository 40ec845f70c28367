using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace SentinelCam.Cameras;

/// <summary>The <c>ffmpeg</c> program, which reads what this process cannot, and writes JPEG pictures to its output.</summary>
/// <remarks>
/// It is killed when it is disposed of. If the app dies first, the program ends at the next picture, because its pipe is closed.
/// </remarks>
internal sealed class Ffmpeg : IDisposable
{
    private const int MaxErrorText = 8 * 1024;

    /// <summary>The environment variables that the program needs.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "SystemRoot"];

    private readonly Process _process;

    private Ffmpeg(Process process)
    {
        _process = process;
        Errors = ReadErrorsAsync(process.StandardError);
    }

    /// <summary>The pictures.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>
    /// The start of what the program said when it ended. It may quote an address with a password, and is never shown.
    /// </summary>
    public Task<string> Errors { get; }

    /// <summary>What to do if the program is missing.</summary>
    public static string Remedy { get; } =
        OperatingSystem.IsLinux() ? "Install it with \"apt-get install ffmpeg\"" : "Install it and add its folder to PATH";

    /// <summary>Whether the program is there.</summary>
    /// <param name="program">Its name or path.</param>
    public static bool IsInstalled(string program)
    {
        if (Path.IsPathRooted(program))
            return File.Exists(program);
        var file = OperatingSystem.IsWindows() ? program + ".exe" : program;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, file)));
    }

    /// <summary>Starts the program; null if it cannot be started.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Ffmpeg? Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, ["-nostdin", "-hide_banner", "-loglevel", "error", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        // The other program must not see this one's configuration, which includes passwords
        foreach (var name in start.Environment.Keys.Except(Inherited, StringComparer.OrdinalIgnoreCase).ToList())
            start.Environment.Remove(name);
        try
        {
            return new(Process.Start(start)!);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Writes to the program's standard input, and closes it.</summary>
    public async Task SendAsync(string text)
    {
        try
        {
            await using (_process.StandardInput)
                await _process.StandardInput.WriteAsync(text);
        }
        catch (IOException)
        {
            return; // the program has already ended, and its errors say why
        }
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            Debug.Assert(_process.HasExited, "Only a process that has already ended cannot be killed.");
        }

        _process.Dispose();
    }

    /// <summary>Drains the program's error pipe and returns the start of its text.</summary>
    private static async Task<string> ReadErrorsAsync(StreamReader errors)
    {
        var text = new StringBuilder();
        var chunk = new char[1024];
        while (await errors.ReadAsync(chunk) is > 0 and var read)
        {
            if (text.Length < MaxErrorText)
                text.Append(chunk, 0, read);
        }

        return text.ToString();
    }
}
